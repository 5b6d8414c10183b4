"""What the target held while a load test ran, and where that was going: leak or warm-up? Told, never judged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from lab.history.model.events import ResourceEvent
from lab.judge.heap import heap_trend
from lab.judge.timeline import Timeline
from lab.judge.trend import Trend, Unit, trend
from lab.judge.verdict import TrendFigures
from lab.nanoseconds import NS_PER_S

WATCHED: dict[str, Unit] = {
    "rss_bytes": "bytes",
    "threads": "count",
    "fds": "count",
    "connections": "count",
    "jvm_live_bytes": "bytes",
    "jvm_nonheap_used_bytes": "bytes",
}
LIVE, HEAPS = "jvm_live_bytes", ("jvm_old_used_bytes", "jvm_heap_used_bytes")
"""The first, read right after collections that the lab asked for, stands in the place of the others; of those the old
generation, or all of the heap where a page tells of none (ZGC, Shenandoah)."""
GC_SHARE = "gc_share"
WARMUP_S = 5.0
"""After the first user: connections and threads that a load needs are no trend of it."""


def trends(timeline: Timeline) -> tuple[TrendFigures, ...]:
    """Of the process that was read most often: a restart begins another series."""
    events = list(timeline.of(ResourceEvent))
    if not events:
        return ()
    ((longest, _),) = Counter(event.pid for event in events).most_common(1)
    return tuple(_trends([event for event in events if event.pid == longest]))


def _trends(events: Sequence[ResourceEvent]) -> Iterator[TrendFigures]:
    for name, unit in WATCHED.items():
        if series := _series(events, name):
            yield _figures(name, series, partial(trend, unit=unit))
        elif name == LIVE and (heap := next((each for each in HEAPS if _series(events, each)), None)):
            yield _figures(heap, _series(events, heap), heap_trend)
    if len(share := _gc_share(events)) > 1:
        yield _figures(GC_SHARE, share, partial(trend, unit="share"))


def _series(events: Sequence[ResourceEvent], name: str) -> list[tuple[float, float]]:
    return [(event.t_ns / NS_PER_S, event.readings[name]) for event in events if name in event.readings]


def _gc_share(events: Sequence[ResourceEvent]) -> list[tuple[float, float]]:
    """Of the time between two readings."""
    return [(t2, (s2 - s1) / (t2 - t1)) for (t1, s1), (t2, s2) in pairwise(_series(events, "jvm_gc_s")) if t2 > t1]


def _figures(name: str, series: Sequence[tuple[float, float]], judge: Callable[..., Trend]) -> TrendFigures:
    t_s, values = np.array(series).T
    found = judge(t_s - t_s[0], values, warmup_s=WARMUP_S)
    return TrendFigures(
        resource=name,
        kind=found.kind,
        slope_per_h=_finite(found.slope_per_h),
        low_per_h=_finite(found.low_per_h),
        high_per_h=_finite(found.high_per_h),
        readings=found.n,
        first=float(values[0]),
        last=float(values[-1]),
        text=found.text,
    )


def _finite(value: float) -> float | None:
    """An interval from too few readings has no end."""
    return value if math.isfinite(value) else None
