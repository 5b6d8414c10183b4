"""Leak or warm-up: series whose truth is known, and what the trend calls them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trend_series import (
    LEVEL,
    MB,
    RUN_S,
    SIZE,
    Floats,
    flat,
    leak,
    series,
    stairs,
    step,
    teeth,
    two_warmups,
    warmup,
    warmup_and_leak,
)

from lab.judge.trend import Trend, trend

KINDS = [
    ("noise is flat", flat, {}, "flat"),
    ("noise with a memory is flat", flat, {"phi": 0.98}, "flat"),
    ("what rises steadily leaks", leak, {}, "leaking"),
    ("so does what rises without any noise", leak, {"spread": 0.0}, "leaking"),
    ("and in steps, as an allocator grows", stairs(10), {}, "leaking"),
    ("a leak behind a warm-up is a leak", warmup_and_leak, {}, "leaking"),
    ("what rises and ends is a warm-up", warmup(0.1), {}, "warming up"),
    ("one without noise too", warmup(0.15), {"spread": 0.0}, "warming up"),
    ("a slower one", warmup(0.2), {}, "warming up"),
    ("which in its later half still rose by more than 1 % of the level", warmup(0.25), {"spread": 0.005}, "warming up"),
    ("one of two parts", two_warmups, {}, "warming up"),
    ("an early step is a warm-up", step(0.3), {}, "warming up"),
    ("after a late step nobody can tell", step(0.75), {}, "too short"),
    ("nor of a warm-up that has not ended", warmup(0.45), {"spread": 0.1}, "too short"),
    ("two steps are no leak", lambda x: step(0.3)(x) + step(0.7)(x), {}, "too short"),
    ("what falls declines", lambda x: -x, {}, "declining"),
    ("what falls and ends declines", lambda x: -warmup(0.2)(x), {}, "declining"),
    ("a saw-tooth is flat", teeth(12.3), {}, "flat"),
    ("a slope below 1 % of the level is flat", lambda x: 0.08 * x, {"spread": 0.005}, "flat"),
    ("behind a warm-up it is no leak either", lambda x: warmup(0.05)(x) + 0.08 * x, {"spread": 0.005}, "warming up"),
    ("noise that happens to end above where it began is flat", flat, {"spread": 0.2, "phi": 0.95, "seed": 2}, "flat"),
    (
        "noise that could hide a leak of a tenth of the level is no proof of flatness",
        flat,
        {"spread": 10.0, "n": 60},
        "too short",
    ),
    ("19 readings are too few", leak, {"n": 19, "every_s": 10.0}, "too short"),
    ("20 are enough", leak, {"n": 20, "every_s": 10.0}, "leaking"),
    ("59 s are too short", leak, {"n": 60}, "too short"),
    ("60 s are enough", leak, {"n": 61}, "leaking"),
]


@pytest.mark.parametrize(("shape", "how", "kind"), [case[1:] for case in KINDS], ids=[case[0] for case in KINDS])
def test_kind(shape: Callable[[Floats], Floats], how: dict[str, float], kind: str) -> None:
    found = trend(*series(shape, **how))  # type: ignore[arg-type]  # mypy cannot know which value is whose
    assert found.kind == kind, found.text


COUNTS = [
    ("constant", [20] * 600, "flat"),
    ("two values", [20, 21] * 300, "flat"),
    ("one more thread", [20] * 300 + [21] * 300, "flat"),
    ("three more are a pool that filled", [20] * 200 + [23] * 400, "flat"),
    ("eight more, once", [20] * 200 + [28] * 400, "warming up"),
    ("a thread a minute", [20 + second // 60 for second in range(600)], "leaking"),
    ("a connection a second", list(range(600)), "leaking"),
    ("none at all", [0] * 600, "flat"),
    ("threads that end", [30 - second // 60 for second in range(600)], "declining"),
]


@pytest.mark.parametrize(("counts", "kind"), [case[1:] for case in COUNTS], ids=[case[0] for case in COUNTS])
def test_counts_have_few_values(counts: list[int], kind: str) -> None:
    assert trend(range(600), counts, unit="count").kind == kind


def test_a_constant_has_a_slope_of_nothing() -> None:
    found = trend(range(600), [20] * 600, unit="count")
    assert (found.slope_per_h, found.low_per_h, found.high_per_h, found.p) == (0, 0, 0, 1)


def test_the_warm_up_is_left_out() -> None:
    t_s, values = series(warmup(0.05))
    assert trend(t_s, values).kind == "warming up"
    found = trend(t_s, values, warmup_s=150)
    assert (found.kind, found.n) == ("flat", RUN_S - 150)


def test_readings_that_failed_are_left_out() -> None:
    t_s, values = series(leak)
    values[::3] = np.nan
    found = trend(t_s, values)
    assert (found.kind, found.n) == ("leaking", RUN_S - RUN_S // 3)
    assert trend(t_s, np.full(RUN_S, np.nan)).kind == "too short"


def test_a_wild_reading_in_twenty_changes_nothing() -> None:
    t_s, values = series(leak)
    clean, values[::20] = trend(t_s, values), 50 * LEVEL
    wild = trend(t_s, values)
    assert wild.kind == "leaking"
    assert wild.slope_per_h == pytest.approx(clean.slope_per_h, rel=0.05)


def test_the_floor_can_be_set() -> None:
    t_s, values = series(leak)
    assert trend(t_s, values, floor=1.5 * SIZE).kind == "flat"


@pytest.mark.parametrize(("share", "kind"), [(0.02, "leaking"), (0.008, "flat")])
def test_a_share_has_a_floor_of_one_point(share: float, kind: str) -> None:
    t_s = np.arange(RUN_S)
    assert trend(t_s, 0.03 + share * t_s / RUN_S, unit="share").kind == kind


TEXTS = [
    ([100 * MB] * 5, "bytes", "too short to tell: 5 readings in 40 s after the warm-up, 20 in 60 s needed"),
    ([100 * MB + second * 1e5 for second in range(60)], "bytes", "leaking; 36 MB/h (95% interval 36 … 36)"),
    ([0.5] * 60, "share", "flat; 0 points/h (95% interval 0 … 0)"),
    ([20] * 20 + [40] * 40, "count", "warming up: rose 20, then flat; 0/h (95% interval 0 … 0)"),
    ([20] * 45 + [40] * 15, "count", "too short to tell: rose 20, and a warm-up that has not ended would explain it; "),
]


@pytest.mark.parametrize(("values", "unit", "text"), TEXTS, ids=[text for *_, text in TEXTS])
def test_text(values: list[float], unit: str, text: str) -> None:
    assert trend(np.arange(len(values)) * 10, values, unit=unit).text.startswith(text)  # type: ignore[arg-type]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 50), min_size=20, max_size=40), st.integers(-1000, 1000), st.integers(0, 10_000))
def test_moving_the_clock_or_reversing_time_changes_the_slope_as_it_should(counts: list[int], up: int, later: int) -> None:
    """The floor is far off: one of the level would move with it."""

    def of(values: list[int], shift_s: int = 0) -> Trend:
        return trend(np.arange(len(values)) * 5.0 + shift_s, values, unit="count", floor=2000.0)

    here = of(counts)
    assert of(counts, later).slope_per_h == pytest.approx(here.slope_per_h)
    assert of([count + up for count in counts]).slope_per_h == pytest.approx(here.slope_per_h)
    assert of(counts[::-1]).slope_per_h == pytest.approx(-here.slope_per_h)
    assert here.low_per_h <= here.slope_per_h <= here.high_per_h


@settings(max_examples=25)
@given(st.lists(st.floats(-1e12, 1e12) | st.just(float("nan")), min_size=15, max_size=60))
def test_any_series_has_a_trend(values: list[float]) -> None:
    assert trend(np.arange(len(values)) * 3.0, values).text
