"""Where a stage's events go: every event gets the clock's instant and its stage's name here, nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

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

    def write(self, kind: type[Event], *, t_ns: int | None = None, **fields: Any) -> None:
        """Writes an event of this kind that happens now, or happened at ``t_ns``."""
        self.sink.write(kind(t_ns=self.clock.now_ns() if t_ns is None else t_ns, stage=self.stage, **fields))
