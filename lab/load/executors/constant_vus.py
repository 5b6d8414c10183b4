"""``constant-vus``: ``vus`` users in a closed loop without think time, for ``duration`` or to the end of the stage."""

from __future__ import annotations

from lab.drill.model import Load
from lab.load.executors.schedule import Closed, Life, ns, of_shard


def plan(load: Load, shard: int, shards: int) -> Closed:
    life = Life() if load.duration is None else Life(0, ns(load.duration), ns(load.duration + load.graceful_stop))
    return Closed(dict.fromkeys(of_shard(load.vus, shard, shards), (life,)))
