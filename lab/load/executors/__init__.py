"""Load of a drill file → who of a shard may begin what, and when. Pure; one file per executor, semantics as k6's.

What a load must keep stands in ``lab.drill.load_rules``, so that a drill that is read is one that can be run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from lab.drill import load_rules
from lab.drill.model import Executor, Load
from lab.load.executors import (
    constant_arrival_rate,
    constant_vus,
    per_vu_iterations,
    ramping_arrival_rate,
    ramping_vus,
    shared_iterations,
)
from lab.load.executors.schedule import Closed, Open

EXECUTORS: Mapping[str, Callable[[Load, int, int], Closed | Open]] = {
    "shared-iterations": shared_iterations.plan,
    "per-vu-iterations": per_vu_iterations.plan,
    "constant-vus": constant_vus.plan,
    "ramping-vus": ramping_vus.plan,
    "constant-arrival-rate": constant_arrival_rate.plan,
    "ramping-arrival-rate": ramping_arrival_rate.plan,
}
"""Each is given (load, shard, shards) and expects a load without problems."""


def validate(load: Load) -> list[str]:
    """What is wrong with ``load``, in words, each with what was expected; empty when nothing is."""
    if load.executor not in EXECUTORS:
        return [f"executor {load.executor!r}, expected one of {', '.join(get_args(Executor))}"]
    return [f"{each.what}, expected {each.expected}" for each in load_rules.broken(load)]


def plan(load: Load, shard: int, shards: int) -> Closed | Open:
    """Shard ``shard`` of ``shards``. Raises ValueError with every problem when the load has some."""
    if problems := validate(load):
        raise ValueError("; ".join(problems))
    return EXECUTORS[load.executor](load, shard, shards)
