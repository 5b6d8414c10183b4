"""A whole run as the judge sees it: the plan, the events in order, the rows, the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from lab.drill.model import RunPlan
from lab.history.model.events import Event
from lab.history.model.ledger import Ledger
from lab.history.model.rows import Rows
from lab.history.model.unexpected import Unexpected

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, eq=False)
class History:
    plan: RunPlan
    events: tuple[Event, ...]
    """Merged by (t, writer, seq)."""
    probe: Rows = field(default_factory=lambda: Rows.of([]))
    load: Rows = field(default_factory=lambda: Rows.of([]))
    ledger: Ledger | None = None
    """None: the drill has no checks, or the run ended before the ledger was read."""
    unexpected: tuple[Unexpected, ...] = ()
    """The first answers of each kind that the load did not expect, in order of time."""

    def of(self, kind: type[E], stage: str | None = None) -> Iterator[E]:
        """The events of one kind, of one stage when named, in order."""
        return (e for e in self.events if isinstance(e, kind) and (stage is None or e.stage == stage))
