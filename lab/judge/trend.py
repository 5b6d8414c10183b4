"""Leak or warm-up? A robust trend of one resource in one life of a process (a restart begins another series).

The readings after the warm-up become at most 40 medians of consecutive readings. On them: the slope of Theil (1950) and Sen
(1968) with its 95 % interval, and the test of Mann (1945) and Kendall (1975); both allow for autocorrelation by widening
with (1 + r)/(1 - r), r the lag-1 autocorrelation of the residuals, corrected for its bias (Kendall 1954). It *leaks* when no
rise that ends explains the rise that was seen: for every saturating exponential with a time constant of up to half the
window, and for a step at every place, a slope beside it is still positive (one-sided 0.5 %; a least-squares fit per shape;
all of them must agree, so nothing is selected). It is looked for in the whole window and in its last two thirds, where a
leak behind a short warm-up shows. It is *warming up* when the later half can have risen by no more than a quarter of the
rise (a steady one: half). What rose and is neither is too short to tell, never flat.

Simulated, 570 s at 1 Hz, noise AR(1) with φ; the rates are asserted in ``tests/unit/judge/test_judge_trend.py``:

* Nominal 2 % of flat series move, at φ = 0.9 / 0.97 / 0.99: with 40 blocks uncorrected 7 / 27 / 45 %; with Hamed and Rao
  (1998) 6 / 15 / 27 %; with the correction above 2 / 3 / 3 %. With 20 blocks 7 % at 0.99; with 60 3 %, and less is found.
* "The late half rises at half the early slope or more", the obvious rule, called a warm-up with a time constant of half the
  window a leak in 0-15 %, a late step in up to 20 %.
* Called a leak: flat, saw-tooth, a step, two warm-ups at once, a warm-up with a time constant of up to a quarter of the
  window: 0 of 300 each; of a third 1 % (4 % at φ = 0.9); of half 31 %: nothing tells that from a leak in one window. Neither
  does anything tell two steps from one, where they are no larger than five noises: up to 30 %. Growth like log t is a leak.
* Found, a leak that grows by so many standard deviations of the noise: 2: 60 %, 3: 93 %, 5: 100 %; with φ = 0.9 5: 28 %,
  20: 100 %; with φ = 0.98 20: 91 %, 50: 99 %; in 60 s 5: 44 %, 20: 100 %. What was missed is "too short" but for 0.7 %.
* A warm-up is called one in 100 % at noise of 2 % of its rise, in 50-75 % at 20 %; else it is "too short".
* The interval held the slope in 89-97 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Kind = Literal["flat", "warming up", "leaking", "declining", "too short"]
Unit = Literal["bytes", "count", "share"]

MIN_READINGS = 20
MIN_SPAN_S = 60.0
BLOCKS = 40
SIGNIFICANT = 0.02
"""Two-sided, of Mann-Kendall."""
LEAK_ALPHA = 0.005
CONFIDENCE = 0.95
MATERIAL = 0.01
"""Of the level, over the window: less is no leak, however significant."""
FLOORS: dict[Unit, float] = {"bytes": 2.0**20, "count": 3.0, "share": 0.01}
"""Growth over the window that is never material: an allocator's arena, a pool's next threads, one point of GC share."""
SURE = 10.0
"""An interval that allows this many times the material growth says nothing: not flat, but too short to tell."""
LATE_SHARE = 0.25
"""Of the rise: what the later half may still have risen by in a warm-up. A steady rise has half of it there."""
TIME_CONSTANTS = np.geomspace(0.02, 0.5, 12)
"""Of the warm-ups that a leak has to differ from, as shares of the window."""
EXACT = 1e-20
"""Residuals of so small a share of the variance are rounding, and have no autocorrelation to speak of."""
BENT = 2.0
"""A shape that fits so many times better than a straight line is there, and no chance of autocorrelated noise."""


@dataclass(frozen=True, kw_only=True)
class Trend:
    """Slopes are in the unit per hour. ``n`` readings were left after the warm-up; ``p`` is Mann-Kendall's, two-sided.

    The slope is that of the part that ``kind`` speaks of: the later half of a warm-up; the last two thirds where only they
    show the leak; else everything after ``warmup_s``.
    """

    kind: Kind
    slope_per_h: float
    low_per_h: float
    high_per_h: float
    n: int
    p: float
    text: str


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A Theil-Sen line in units per second, and the window that it was drawn through."""

    slope: float
    low: float
    high: float
    p: float
    span_s: float

    def over(self, span_s: float) -> tuple[float, float, float]:
        return self.slope * span_s, self.low * span_s, self.high * span_s


def trend(
    t_s: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    warmup_s: float = 0.0,
    unit: Unit = "bytes",
    floor: float | None = None,
) -> Trend:
    """What ``values``, read at ``t_s`` (rising), did after ``warmup_s``. NaN is a reading that failed.

    ``floor`` in place of ``FLOORS[unit]``. Of a heap give what is left after a collection: see ``lab.judge.heap``.
    """
    t, v = np.asarray(t_s, dtype=np.float64), np.asarray(values, dtype=np.float64)
    kept = (t >= warmup_s) & np.isfinite(v)
    t, v = t[kept], v[kept]
    if (why := _too_few(t)) is not None:
        return _trend("too short", _NONE, len(t), unit, f"{why} after the warm-up, {MIN_READINGS} in {MIN_SPAN_S:g} s needed")
    material = max(MATERIAL * abs(float(np.median(v))), FLOORS[unit] if floor is None else floor)
    kind, line, why = _judged(t, v, material, unit)
    return _trend(kind, line, len(t), unit, why)


def _too_few(t: Floats) -> str | None:
    span_s = float(t[-1] - t[0]) if len(t) else 0.0
    return f"{len(t)} readings in {span_s:.0f} s" if len(t) < MIN_READINGS or span_s < MIN_SPAN_S else None


def _judged(t: Floats, v: Floats, material: float, unit: Unit) -> tuple[Kind, _Line, str]:
    whole = _line(*_blocks(t, v))
    growth, low, high = whole.over(whole.span_s)
    change = _change(v)
    if whole.p < SIGNIFICANT and max(growth, change) > material:
        return _rise(t, v, whole, max(growth, change), material, unit)
    if whole.p < SIGNIFICANT and min(growth, change) < -material:
        return "declining", whole, ""
    if max(-low, high) > SURE * material:
        return "too short", whole, "too noisy"
    return "flat", whole, ""


def _rise(t: Floats, v: Floats, whole: _Line, rise: float, material: float, unit: Unit) -> tuple[Kind, _Line, str]:
    for begin in (0, len(t) // 3):
        blocks = _blocks(t[begin:], v[begin:])
        if (part := _line(*blocks)).slope * whole.span_s > material and _outlives_any_warmup(*blocks):
            return "leaking", part, ""
    late = _line(*_blocks(t[len(t) // 2 :], v[len(v) // 2 :]))
    rose = f"rose {_amount(rise, unit)}"
    if late.over(late.span_s)[2] <= max(material, LATE_SHARE * rise):
        return "warming up", late, f"{rose}, then flat"
    return "too short", whole, f"{rose}, and a warm-up that has not ended would explain it"


def _change(v: Floats) -> float:
    """From the first tenth to the last quarter: a step has no Theil-Sen slope to speak of, a short warm-up not much of one."""
    return float(np.median(v[-(len(v) // 4) :]) - np.median(v[: len(v) // 10]))


def _blocks(t: Floats, v: Floats) -> tuple[Floats, Floats]:
    if len(t) <= BLOCKS:
        return t, v
    cuts = np.array_split(np.arange(len(t)), BLOCKS)
    return np.array([t[cut].mean() for cut in cuts]), np.array([np.median(v[cut]) for cut in cuts])


def _line(t: Floats, v: Floats) -> _Line:
    from scipy import stats  # the import takes 100 ms and more, and only judging needs it

    span_s = float(t[-1] - t[0])
    if np.ptp(v) == 0:
        return _Line(slope=0.0, low=0.0, high=0.0, p=1.0, span_s=span_s)
    slope = float(stats.theilslopes(v, t)[0])
    beside = _beside_shapes(t, v)
    best = int(beside.misfit.argmin())
    bent = beside.misfit[0] > BENT * beside.misfit[best]  # a bend is autocorrelation beside a straight line
    wider = float(np.sqrt(beside.inflation[best if bent else 0]))
    tail = max(float(stats.norm.sf(stats.norm.isf((1 - CONFIDENCE) / 2) * wider)), 1e-12)  # scipy has no quantile of less
    _, _, low, high = stats.theilslopes(v, t, alpha=1 - 2 * tail)
    p = float(stats.kendalltau(t, v).pvalue)
    return _Line(
        slope=slope, low=float(low), high=float(high), p=float(2 * stats.norm.sf(stats.norm.isf(p / 2) / wider)), span_s=span_s
    )


def _inflation(residuals: Floats, exact: float) -> Floats:
    """Of a variance by autocorrelation, for each row: (1 + r)/(1 - r) with Kendall's correction of r's bias, at least 1."""
    total = (residuals * residuals).sum(axis=1)
    r = (residuals[:, :-1] * residuals[:, 1:]).sum(axis=1) / np.where(total > exact, total, np.inf)
    r = np.clip(r + (1 + 4 * r) / residuals.shape[1], 0.0, 0.95)
    inflation: Floats = (1 + r) / (1 - r)
    return inflation


def _shapes(x: Floats) -> Floats:
    """Rises that end, one a row: none, exponentials that saturate, a step before each reading but the outermost."""
    n = len(x)
    ends = 1 - np.exp(-x[np.newaxis] / TIME_CONSTANTS[:, np.newaxis])
    steps = (np.arange(n)[np.newaxis] >= np.arange(2, n - 1)[:, np.newaxis]).astype(np.float64)
    return np.vstack([np.zeros((1, n)), ends, steps])


@dataclass(frozen=True)
class _Beside:
    """Least squares of the readings on 1, a shape and time: for each shape the slope of time over the window, and its error."""

    slope: Floats
    error: Floats
    inflation: Floats
    misfit: Floats


def _beside_shapes(t: Floats, v: Floats) -> _Beside:
    n = len(t)
    x = (t - t[0]) / (t[-1] - t[0])
    shapes = _shapes(x)
    shapes = shapes - shapes.mean(axis=1, keepdims=True)
    size = (shapes * shapes).sum(axis=1)
    size[0] = 1.0  # no shape: nothing to take out
    across, up = _without(x - x.mean(), shapes, size), _without(v - v.mean(), shapes, size)
    weight = (across * across).sum(axis=1)
    slope = (across * up).sum(axis=1) / weight
    residuals = up - slope[:, np.newaxis] * across
    misfit = (residuals * residuals).sum(axis=1)
    inflation = _inflation(residuals, EXACT * float(np.square(v - v.mean()).sum()))
    return _Beside(slope, np.sqrt(misfit / (n - 3) * inflation / weight), inflation, misfit)


def _outlives_any_warmup(t: Floats, v: Floats) -> bool:
    from scipy import stats

    beside = _beside_shapes(t, v)
    return bool((beside.slope > stats.t.isf(LEAK_ALPHA, len(t) - 3) * beside.error).all())


def _without(of: Floats, shapes: Floats, size: Floats) -> Floats:
    """``of`` with each shape's part taken out of it, one a row."""
    rest: Floats = of - ((shapes @ of) / size)[:, np.newaxis] * shapes
    return rest


_NONE = _Line(slope=0.0, low=float("-inf"), high=float("inf"), p=1.0, span_s=0.0)
_WORDS: dict[Kind, str] = {"too short": "too short to tell"}


def _trend(kind: Kind, line: _Line, n: int, unit: Unit, why: str) -> Trend:
    slope, low, high = line.over(3600)
    return Trend(
        kind=kind, slope_per_h=slope, low_per_h=low, high_per_h=high, n=n, p=line.p, text=_text(kind, slope, low, high, unit, why)
    )


def _text(kind: Kind, slope: float, low: float, high: float, unit: Unit, why: str) -> str:
    said = f"{_WORDS.get(kind, kind)}: {why}" if why else kind
    if np.isinf(low):
        return said
    return f"{said}; {_amount(slope, unit)}/h ({CONFIDENCE:.0%} interval {_number(low, unit)} … {_number(high, unit)})"


_SCALE: dict[Unit, tuple[float, str]] = {"bytes": (1e6, " MB"), "count": (1.0, ""), "share": (0.01, " points")}


def _number(value: float, unit: Unit) -> str:
    return f"{value / _SCALE[unit][0]:.3g}"


def _amount(value: float, unit: Unit) -> str:
    return _number(value, unit) + _SCALE[unit][1]
