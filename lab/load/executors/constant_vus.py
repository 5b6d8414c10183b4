"""``constant-vus``: ``vus`` users in a closed loop without think time, from the start of the stage to its end."""

from __future__ import annotations

from lab.drill.model import Load
from lab.load.executors.users import UntilStopped, Users, of_shard


def plan(load: Load, shard: int, shards: int) -> Users:
    return Users(of_shard(load.vus, shard, shards), UntilStopped())
