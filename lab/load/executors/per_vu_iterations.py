"""``per-vu-iterations``: each of ``vus`` users makes ``iterations``, and is done."""

from __future__ import annotations

from lab.drill.model import Load
from lab.load.executors.schedule import Closed, Life, ns, of_shard


def plan(load: Load, shard: int, shards: int) -> Closed:
    life = Life(0, ns(load.max_duration), ns(load.max_duration + load.graceful_stop))
    return Closed(dict.fromkeys(of_shard(load.vus, shard, shards), (life,)), each=load.iterations)
