"""How often the trend finds the truth: every rate is that of so many series with a noise, and a phase, of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from trend_series import RUN_S, SIZE, Floats, flat, leak, noise, series, stairs, step, teeth, two_warmups, warmup, warmup_and_leak

from lab.judge.trend import Kind, trend

TIMES = 50
NOISES = [(0.02, 0.0), (0.2, 0.0), (0.05, 0.9), (0.05, 0.98)]
"""Spread (as a share of what the shapes rise by: 1 MB and 10 MB are 0.5 and 5 % of the level) and lag-1 autocorrelation."""


def kinds(shape: Callable[[Floats], Floats], noises: list[tuple[float, float]], n: int = RUN_S, times: int = TIMES) -> list[Kind]:
    """Of ``times`` series with each of ``noises``."""
    return [trend(*series(shape, spread=s, phi=phi, seed=seed, n=n)).kind for s, phi in noises for seed in range(times)]


def share(found: list[Kind], *of: Kind) -> float:
    return sum(kind in of for kind in found) / len(found)


NO_LEAKS = {
    "flat": flat,
    "a warm-up of a twentieth of the window": warmup(0.05),
    "of a tenth": warmup(0.1),
    "of a fifth": warmup(0.2),
    "of a quarter": warmup(0.25),
    "of two parts": two_warmups,
    "a step": step(0.3),
    "a late step": step(0.75),
    "a saw-tooth": teeth(12.3),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", NO_LEAKS.values(), ids=NO_LEAKS)
def test_at_most_1_in_100_is_called_a_leak_that_is_none(shape: Callable[[Floats], Floats]) -> None:
    assert share(kinds(shape, NOISES), "leaking") <= 0.01


@pytest.mark.slow
@pytest.mark.parametrize("phi", [0.0, 0.9, 0.97, 0.99])
def test_what_is_flat_hardly_ever_rises_or_falls(phi: float) -> None:
    found = kinds(flat, [(0.5, phi)], times=300)
    assert share(found, "leaking") <= 0.01
    assert share(found, "leaking", "warming up", "declining") <= 0.05


@pytest.mark.slow
def test_counts_that_wander_do_not_leak() -> None:
    rng = np.random.default_rng(1)
    found = [trend(range(RUN_S), np.round(50 + 5 * noise(rng, RUN_S, 0.95)), unit="count").kind for _ in range(300)]
    assert share(found, "leaking") <= 0.01


FOUND = [
    ("2 noises within the run", leak, (0.5, 0.0), RUN_S, 0.5),
    ("3 noises", leak, (0.33, 0.0), RUN_S, 0.9),
    ("5 noises", leak, (0.2, 0.0), RUN_S, 0.99),
    ("50 noises", leak, (0.02, 0.0), RUN_S, 0.99),
    ("5 noises with a memory of 10 s", leak, (0.2, 0.9), RUN_S, 0.2),
    ("20 of them", leak, (0.05, 0.9), RUN_S, 0.99),
    ("20 with a memory of 50 s", leak, (0.05, 0.98), RUN_S, 0.8),
    ("50 of them", leak, (0.02, 0.98), RUN_S, 0.95),
    ("5 noises, but a minute only", leak, (0.2, 0.0), 61, 0.4),
    ("20 noises in a minute", leak, (0.05, 0.0), 61, 0.99),
    ("5 noises, but an hour", leak, (0.2, 0.0), 3600, 0.99),
    ("in 5 steps", stairs(5), (0.2, 0.0), RUN_S, 0.95),
    ("behind a warm-up twice its size", warmup_and_leak, (0.02, 0.0), RUN_S, 0.99),
]


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "noise_", "n", "rate"), [case[1:] for case in FOUND], ids=[case[0] for case in FOUND])
def test_a_leak_is_found(shape: Callable[[Floats], Floats], noise_: tuple[float, float], n: int, rate: float) -> None:
    assert share(kinds(shape, [noise_], n), "leaking") >= rate


@pytest.mark.slow
@pytest.mark.parametrize("shape", [leak, stairs(5), warmup_and_leak], ids=["a leak", "in steps", "behind a warm-up"])
def test_a_leak_that_is_not_found_is_not_called_flat_nor_a_warm_up(shape: Callable[[Floats], Floats]) -> None:
    assert share(kinds(shape, NOISES), "flat", "warming up") <= 0.02


ENDED = [
    ("a tenth", warmup(0.1), (0.02, 0.0), 0.95),
    ("a fifth", warmup(0.2), (0.02, 0.0), 0.95),
    ("a quarter", warmup(0.25), (0.02, 0.0), 0.95),
    ("two parts", two_warmups, (0.02, 0.0), 0.95),
    ("a step", step(0.3), (0.02, 0.0), 0.95),
    ("a tenth, noisy", warmup(0.1), (0.2, 0.0), 0.7),
    ("a fifth, noisy", warmup(0.2), (0.2, 0.0), 0.5),
]


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "noise_", "rate"), [case[1:] for case in ENDED], ids=[case[0] for case in ENDED])
def test_a_warm_up_is_called_one(shape: Callable[[Floats], Floats], noise_: tuple[float, float], rate: float) -> None:
    assert share(kinds(shape, [noise_]), "warming up") >= rate


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "phi"), [*NOISES, (0.2, 0.9)])
def test_the_interval_holds_the_slope(spread: float, phi: float) -> None:
    """Nominally 95 %."""
    truth = SIZE / (RUN_S - 1) * 3600
    found = [trend(*series(leak, spread=spread, phi=phi, seed=seed)) for seed in range(200)]
    assert np.mean([one.low_per_h <= truth <= one.high_per_h for one in found]) >= 0.88
