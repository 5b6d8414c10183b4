"""What an executor's plan is made of, and what all executors ask of a load."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drill.model import Load

MOST_VUS = 65_536
"""The VU of a request row has 16 bits."""


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


def common_problems(load: Load) -> list[str]:
    problems = []
    if not 1 <= load.vus <= MOST_VUS:
        problems.append(f"vus: {load.vus}: expected 1 to {MOST_VUS}")
    if not load.request:
        problems.append("request: expected at least one request of the target with its weight")
    problems += [
        f"request: weight {weight} of {name}: expected at least 1" for name, weight in load.request.items() if weight < 1
    ]
    for field in ("connect_timeout", "timeout", "max_duration"):
        if getattr(load, field) <= 0:
            problems.append(f"{field}: expected more than 0s")
    if load.pause_after_error < 0:
        problems.append("pause_after_error: expected 0s or more")
    if not 0 <= load.jitter <= 1:
        problems.append("jitter: expected 0% to 100%")
    return problems
