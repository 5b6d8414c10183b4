"""``constant-arrival-rate``: iteration i is due at i / rate, the first at 0, whatever the earlier ones do."""

from __future__ import annotations

import math

import numpy as np

from lab.drill.model import Load
from lab.load.executors.schedule import FOREVER_NS, Arrivals, Instants, Open, ns, of_shard
from lab.nanoseconds import NS_PER_S

_ENDLESS = 1 << 48


class Evenly(Arrivals):
    def __init__(self, rate: float, count: int, shard: int = 0, shards: int = 1) -> None:
        super().__init__(count, shard, shards)
        self._rate = rate

    def at(self, i: Instants) -> Instants:
        due_ns: Instants = np.rint(i * (NS_PER_S / self._rate)).astype(np.int64)
        return due_ns


def plan(load: Load, shard: int, shards: int) -> Open:
    rate = load.rate or 0.0
    count = _ENDLESS if load.duration is None else math.ceil(round(rate * load.duration, 6))
    return Open(
        arrivals=Evenly(rate, count, shard, shards),
        vus=of_shard(load.vus, shard, shards),
        spare=of_shard(load.most_vus, shard, shards)[len(of_shard(load.vus, shard, shards)) :],
        cut_ns=FOREVER_NS if load.duration is None else ns(load.duration + load.graceful_stop),
    )
