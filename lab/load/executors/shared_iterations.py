"""``shared-iterations``: ``vus`` users share ``iterations``, first come, first served: a burst of known size."""

from __future__ import annotations

from lab.drill.model import Load
from lab.load.executors.schedule import Closed, Life, ns, of_shard


def plan(load: Load, shard: int, shards: int) -> Closed:
    """Each shard has a counter of its own: with several shards, iterations are shared within a shard only."""
    share = len(range(shard, load.iterations or 0, shards))
    life = Life(0, ns(load.max_duration), ns(load.max_duration + load.graceful_stop))
    return Closed(dict.fromkeys(of_shard(load.vus, shard, shards), (life,)), shared=share)
