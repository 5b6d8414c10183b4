"""Load of a drill file → which users a shard runs and what they may do. Pure; one file per executor.

What a load must keep stands in ``lab.drill.load_rules``, so that a drill that is read is one that can be run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.drill import load_rules
from lab.drill.model import Load
from lab.load.executors import constant_vus, shared_iterations
from lab.load.executors.users import Users

EXECUTORS: Mapping[str, Callable[[Load, int, int], Users]] = {
    "constant-vus": constant_vus.plan,
    "shared-iterations": shared_iterations.plan,
}
"""Each is given (load, shard, shards) and expects a load without problems."""


def validate(load: Load) -> list[str]:
    """What is wrong with ``load``, in words, each with what was expected; empty when nothing is."""
    if load.executor not in EXECUTORS:
        return [f"executor {load.executor!r}, expected one of {', '.join(EXECUTORS)}"]
    return [f"{each.what}, expected {each.expected}" for each in load_rules.broken(load)]


def plan(load: Load, shard: int, shards: int) -> Users:
    """The users of shard ``shard`` of ``shards``. Raises ValueError with every problem when the load has some."""
    if problems := validate(load):
        raise ValueError("; ".join(problems))
    return EXECUTORS[load.executor](load, shard, shards)
