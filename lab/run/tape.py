"""Where a stage's events go: every event gets its stage's name here, nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from lab.clock import Clock
from lab.history.model.events import Event


class EventSink(Protocol):
    def write(self, event: Event) -> None: ...


@dataclass(frozen=True)
class Tape:
    sink: EventSink
    clock: Clock
    stage: str = ""

    def of_stage(self, stage: str) -> Tape:
        return Tape(self.sink, self.clock, stage)

    def now_ns(self) -> int:
        """For an event that happens now."""
        return self.clock.now_ns()

    def write(self, event: Event) -> None:
        """Writes the event as one of this tape's stage."""
        self.sink.write(replace(event, stage=self.stage))
