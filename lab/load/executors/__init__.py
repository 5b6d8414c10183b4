"""Load of a drill file → which users a shard runs and what they may do. Pure; one file per executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.drill.model import Load
from lab.load.executors import constant_vus, shared_iterations
from lab.load.executors.users import Users


@dataclass(frozen=True)
class Executor:
    """``validate`` returns every problem at once; ``plan`` (load, shard, shards) expects a load without any."""

    validate: Callable[[Load], list[str]]
    plan: Callable[[Load, int, int], Users]


EXECUTORS: Mapping[str, Executor] = {
    "constant-vus": Executor(constant_vus.validate, constant_vus.plan),
    "shared-iterations": Executor(shared_iterations.validate, shared_iterations.plan),
}


def validate(load: Load) -> list[str]:
    """What is wrong with ``load``, in words, each with what was expected; empty when nothing is."""
    executor = EXECUTORS.get(load.executor)
    if executor is None:
        return [f"executor: {load.executor!r} is unknown: expected one of {', '.join(EXECUTORS)}"]
    return executor.validate(load)


def plan(load: Load, shard: int, shards: int) -> Users:
    """The users of shard ``shard`` of ``shards``. Raises ValueError with every problem when the load has some."""
    if problems := validate(load):
        raise ValueError("; ".join(problems))
    return EXECUTORS[load.executor].plan(load, shard, shards)
