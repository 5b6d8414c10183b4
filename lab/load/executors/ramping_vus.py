"""``ramping-vus``: the number of users follows straight lines.

As in k6, the number is never above the line on its way up, nor below it on its way down: user k begins when the line
reaches k, and is told to stop when it has come down to k − 1. Who is told to stop may finish its iteration within
``graceful_ramp_down`` (at the very end: ``graceful_stop``), and goes on with it when it is wanted again meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.drill.model import Load
from lab.load.executors.schedule import Closed, Life, ns, of_shard


@dataclass(frozen=True)
class Change:
    """Of user ``vu``, at ``at_s``."""

    at_s: float
    vu: int
    begins: bool


def plan(load: Load, shard: int, shards: int) -> Closed:
    mine = of_shard(load.most_vus, shard, shards)
    lives = _lives(load)
    return Closed({vu: lives[vu] for vu in mine})


def changes(load: Load) -> Iterator[Change]:
    """In order of time, from 0; who is there at the end has no change there."""
    count, at_s = load.start_vus, 0.0
    yield from (Change(0.0, vu, begins=True) for vu in range(count))
    for ramp in load.ramp:
        to = round(ramp.to)
        span = abs(to - count)
        for step in range(1, span + 1):
            up = to > count
            yield Change(at_s + ramp.over * step / span, count + step - 1 if up else count - step, begins=up)
        count, at_s = to, at_s + ramp.over


def _lives(load: Load) -> list[tuple[Life, ...]]:
    end_s = sum(ramp.over for ramp in load.ramp)
    last_cut_s = end_s + load.graceful_stop
    lives: list[list[Life]] = [[] for _ in range(load.most_vus)]
    begun: dict[int, float] = {}

    def ends(vu: int, at_s: float, grace_s: float) -> None:
        lives[vu].append(Life(ns(begun.pop(vu)), ns(at_s), ns(min(at_s + grace_s, last_cut_s))))

    for change in changes(load):
        if change.begins:
            begun[change.vu] = change.at_s
        else:
            ends(change.vu, change.at_s, load.graceful_ramp_down)
    for vu in list(begun):
        ends(vu, end_s, load.graceful_stop)
    return [tuple(each) for each in lives]
