"""The trend of a heap that only collections make smaller: what lives in it is seen right after one, and only there.

Between two collections of the old generation it fills with garbage as with what leaks. Measured on the service of
``examples/jvm`` without a leak (600 s, 70 requests/s): 29 to 58 MB within 210 s in a straight line, then 32 MB.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lab.judge.trend import MIN_READINGS, Floats, Trend, trend


def heap_trend(t_s: Floats, values: Floats, *, warmup_s: float) -> Trend:
    """Of readings at any time: the trend of those that came right after a collection. Where they are too few, the heap is
    flat if all of it is, for what lives in it is less; else it is too short to tell.
    """
    low = floors(values)
    after = trend(t_s[low], values[low], warmup_s=warmup_s)
    if after.n >= MIN_READINGS:
        return after
    whole = trend(t_s, values, warmup_s=warmup_s)
    if whole.kind == "flat" or whole.n < MIN_READINGS:
        return whole
    times = {0: "never", 1: "once"}.get(after.n, f"{after.n} times")
    why = f"collected {times}, {MIN_READINGS} needed to see what lives in it (collect: 10s in the target)"
    return replace(whole, kind="too short", n=after.n, text=f"too short to tell: {why}")


def floors(values: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Where a saw-tooth ends a fall."""
    v = np.asarray(values, dtype=np.float64)
    low = np.zeros(len(v), dtype=np.bool_)
    low[1:] = np.diff(v) < 0
    low[:-1] &= ~low[1:]
    return low
