"""``ramping-arrival-rate``: the rate follows straight lines; iteration i (1, 2, …) is due when the area under them reaches i.

So the first is due when a whole iteration has accumulated, not at 0, and what a line leaves over goes on into the next.
On a line from a to b per second within T the area is ``a t + (b − a) t² / 2T``; its inverse is taken in the form that
divides by the root, which loses no digits where a and b are nearly the same.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from lab.drill.model import Load
from lab.load.executors.schedule import Arrivals, Instants, Open, ns, of_shard
from lab.nanoseconds import NS_PER_S


class UnderLines(Arrivals):
    """``points``: (instant in s, rate per s), a line between each and the next; a jump is two of one instant."""

    def __init__(self, points: list[tuple[float, float]], shard: int = 0, shards: int = 1) -> None:
        self._t = np.array([t for t, _ in points])
        self._rate = np.array([rate for _, rate in points])
        areas = [(t2 - t1) * (r1 + r2) / 2 for (t1, r1), (t2, r2) in pairwise(points)]
        self._area = np.concatenate([[0.0], np.cumsum(areas)])
        super().__init__(math.floor(round(float(self._area[-1]), 6)), shard, shards)

    def at(self, i: Instants) -> Instants:
        area = np.minimum(i + 1.0, self._area[-1])
        line = np.searchsorted(self._area, area, side="left").clip(1, len(self._area) - 1) - 1
        left, begin = area - self._area[line], self._rate[line]
        over = self._t[line + 1] - self._t[line]
        slope = (self._rate[line + 1] - begin) / over
        t = self._t[line] + 2 * left / (begin + np.sqrt(np.maximum(begin**2 + 2 * slope * left, 0.0)))
        due_ns: Instants = np.rint(t * NS_PER_S).astype(np.int64)
        return due_ns


def points(load: Load) -> list[tuple[float, float]]:
    found = [(0.0, load.start_rate)]
    for ramp in load.ramp:
        found.append((found[-1][0] + ramp.over, ramp.to))  # within no time it jumps: a line without length has no area
    return found


def plan(load: Load, shard: int, shards: int) -> Open:
    vus = of_shard(load.vus, shard, shards)
    return Open(
        arrivals=UnderLines(points(load), shard, shards),
        vus=vus,
        spare=of_shard(load.most_vus, shard, shards)[len(vus) :],
        cut_ns=ns(sum(ramp.over for ramp in load.ramp) + load.graceful_stop),
    )
