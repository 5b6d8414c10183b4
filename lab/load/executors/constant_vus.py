"""``constant-vus``: ``vus`` users in a closed loop without think time, from the start of the stage to its end."""

from __future__ import annotations

from lab.drill.model import Load
from lab.load.executors.users import UntilStopped, Users, common_problems, of_shard


def validate(load: Load) -> list[str]:
    problems = common_problems(load)
    if load.iterations is not None:
        problems.append("iterations: constant-vus runs until its stage ends: use shared-iterations, or leave it out")
    return problems


def plan(load: Load, shard: int, shards: int) -> Users:
    return Users(of_shard(load.vus, shard, shards), UntilStopped())
