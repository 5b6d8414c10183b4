"""What an executor's plan is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UntilStopped:
    """Each user begins another iteration whenever it is free."""


@dataclass(frozen=True)
class SharedCounter:
    """Users take iterations from one counter (no fairness, as in k6); none begins ``max_duration_s`` after the start."""

    iterations: int
    max_duration_s: float


@dataclass(frozen=True)
class Users:
    """``vus``: their numbers, unique over all shards. All start at the same instant."""

    vus: tuple[int, ...]
    allowance: UntilStopped | SharedCounter


def of_shard(vus: int, shard: int, shards: int) -> tuple[int, ...]:
    """The users of one shard: every ``shards``-th, so that shards differ by one at most."""
    return tuple(range(shard, vus, shards))
