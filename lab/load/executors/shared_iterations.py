"""``shared-iterations``: ``vus`` users share ``iterations``, first come, first served: a burst of known size."""

from __future__ import annotations

from lab.drill.model import Load
from lab.load.executors.users import SharedCounter, Users, of_shard


def plan(load: Load, shard: int, shards: int) -> Users:
    """Each shard has a counter of its own: with several shards, iterations are shared within a shard only."""
    share = len(range(shard, load.iterations or 0, shards))
    return Users(of_shard(load.vus, shard, shards), SharedCounter(share, load.max_duration))
