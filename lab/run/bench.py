"""What the stages of a run share, and what is in force in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.drill.calls import build_fault
from lab.drill.model import Request, RunPlan, Scalar, Stage
from lab.fault import Fault
from lab.history.model.rows import Row, Rows
from lab.run.tape import Tape
from lab.runtimes.base import Room

LoadSoFar = Callable[[], Rows]


class StageBroken(RuntimeError):
    """The stage could not be carried out; nothing can be judged from it."""


@dataclass(frozen=True)
class Bench:
    """``keep_row`` takes the probe's rows; ``keep_load_rows`` those of a load that writes none itself (the fake's).

    ``rows_path(number)`` and ``unexpected_path(number)`` name the files of a load shard, each its own;
    ``load_so_far(stage index)`` gives a function that reads, at each call, what the stage's load has recorded since the last.
    ``keys`` gives a block of keys to each writer.
    ``requests``: the target's, with secrets put in: to be sent, never to be written down.
    """

    room: Room
    plan: RunPlan
    tape: Tape
    keep_row: Callable[[Row], None]
    keep_load_rows: Callable[[Sequence[Row]], None]
    rows_path: Callable[[int], str]
    unexpected_path: Callable[[int], str]
    load_so_far: Callable[[int], LoadSoFar]
    faults: Mapping[str, type[Any]]
    keys: Iterator[int]
    requests: Mapping[str, Request]

    def fault_of(self, stage: Stage) -> Fault | None:
        """The stage's fault with its parameters, or None for a load test."""
        if stage.fault is None:
            return None
        fault: Fault = build_fault(stage.fault, self.faults)
        return fault

    def settings(self, stage: Stage, left_by_fault: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """In force at the target's next start: target < stage < fault < measure."""
        return {**self.plan.drill.target.settings, **stage.target, **left_by_fault, **stage.measure_settings}

    @property
    def run_id(self) -> str:
        """24 hex digits that name the run in every request, from its clock and seed."""
        return f"{self.plan.epoch_ns & (1 << 64) - 1:016x}{self.plan.seed & (1 << 32) - 1:08x}"
