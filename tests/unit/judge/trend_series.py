"""Series whose truth is known: shapes over a window of 1, with noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Floats = npt.NDArray[np.float64]
MB = 1e6
LEVEL = 200 * MB
SIZE = 20 * MB
"""What the shapes below rise by; their argument is the share of the window that is over."""
RUN_S = 570
"""Ten minutes without the first 30 s, at 1 Hz."""


def flat(x: Floats) -> Floats:
    return 0 * x


def leak(x: Floats) -> Floats:
    return x


def warmup(time_constant: float) -> Callable[[Floats], Floats]:
    return lambda x: 1 - np.exp(-x / time_constant)


def step(at: float) -> Callable[[Floats], Floats]:
    return lambda x: (x >= at).astype(np.float64)


def stairs(steps: int) -> Callable[[Floats], Floats]:
    return lambda x: np.floor(x * steps) / steps


def teeth(count: float) -> Callable[[Floats], Floats]:
    return lambda x: x * count % 1


def two_warmups(x: Floats) -> Floats:
    """Class loading at once, then a cache."""
    return (warmup(0.03)(x) + warmup(0.25)(x)) / 2


def warmup_and_leak(x: Floats) -> Floats:
    return warmup(0.05)(x) + leak(x) / 2


def noise(rng: np.random.Generator, n: int, phi: float) -> Floats:
    """AR(1) of variance 1 whose neighbours correlate by ``phi``."""
    past: Floats = lfilter([1], [1, -phi], rng.normal(size=n + 500))[500:] * np.sqrt(1 - phi**2)
    return past


def series(
    shape: Callable[[Floats], Floats],
    *,
    spread: float = 0.02,
    phi: float = 0.0,
    seed: int = 1,
    n: int = RUN_S,
    every_s: float = 1.0,
) -> tuple[Floats, Floats]:
    """Times and bytes; ``spread`` is the noise as a share of SIZE."""
    t_s = np.arange(n, dtype=np.float64) * every_s
    return t_s, LEVEL + SIZE * (shape(t_s / t_s[-1]) + spread * noise(np.random.default_rng(seed), n, phi))
