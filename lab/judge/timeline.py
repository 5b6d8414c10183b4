"""The instants of one stage, picked out of the run's events. All in ns since t0; None: it never came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lab.drill.model import Stage
from lab.history.model.events import (
    ActionEvent,
    AlarmEvent,
    BaselineEvent,
    DecideEvent,
    Event,
    FaultErrorEvent,
    HealEvent,
    InjectEvent,
    LandedEvent,
    LoadEvent,
    StageEvent,
    StallEvent,
    TargetEvent,
)
from lab.history.model.history import History
from lab.judge.known import Stall
from lab.nanoseconds import NS_PER_US

E = TypeVar("E", bound=Event)
GIVE_UP = "give up"
"""The action of a decision that is none: the responder has reached its limit."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """What happened in a stage, in order; ``index`` is its place in the drill and the ``scenario`` of its rows."""

    stage: Stage
    index: int
    events: tuple[Event, ...]

    def of(self, kind: type[E]) -> Iterator[E]:
        return (e for e in self.events if isinstance(e, kind))

    def first(self, kind: type[E], holds: Callable[[E], bool]) -> E | None:
        return next((e for e in self.of(kind) if holds(e)), None)

    def _phase_ns(self, kind: type[StageEvent | BaselineEvent | InjectEvent | HealEvent], phase: str) -> int | None:
        return next((e.t_ns for e in self.of(kind) if e.phase == phase), None)

    @property
    def end_ns(self) -> int | None:
        return self._phase_ns(StageEvent, "end")

    @property
    def baseline_begin_ns(self) -> int | None:
        return self._phase_ns(BaselineEvent, "begin")

    @property
    def baseline_end_ns(self) -> int | None:
        return self._phase_ns(BaselineEvent, "end")

    @property
    def inject_begin_ns(self) -> int | None:
        return self._phase_ns(InjectEvent, "begin")

    def before_injection(self, known_ns: int) -> bool:
        """Rows count in whole µs, rounded down: what came with the injection may read as just before it."""
        return self.inject_begin_ns is not None and known_ns + NS_PER_US <= self.inject_begin_ns

    @property
    def inject_end_ns(self) -> int | None:
        return self._phase_ns(InjectEvent, "end")

    @property
    def heal_begin_ns(self) -> int | None:
        return self._phase_ns(HealEvent, "begin")

    @property
    def heal_end_ns(self) -> int | None:
        return self._phase_ns(HealEvent, "end")

    @property
    def watched_from_ns(self) -> int | None:
        """When the baseline is over and outages are looked for: the injection, or, without a fault, the baseline's end."""
        return self.inject_begin_ns if self.stage.fault else self.baseline_end_ns

    def alarms(self) -> list[AlarmEvent]:
        """As they were raised."""
        return [e for e in self.of(AlarmEvent) if e.phase == "begin"]

    def actions(self) -> list[ActionEvent]:
        return [e for e in self.of(ActionEvent) if e.phase == "begin"]

    @property
    def acted_ns(self) -> int | None:
        """Begin of the first action."""
        return next((e.t_ns for e in self.actions()), None)

    def decided_ns(self, from_ns: int) -> int | None:
        found = self.first(DecideEvent, lambda e: e.t_ns >= from_ns and e.action not in ("", GIVE_UP))
        return found.t_ns if found else None

    def target_ns(self, state: str, from_ns: int) -> int | None:
        """When the target first was in ``state`` from ``from_ns`` on."""
        found = self.first(TargetEvent, lambda e: e.t_ns >= from_ns and e.state == state)
        return found.t_ns if found else None

    def counters(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """The fault's counters at the baseline's begin and end."""
        begin = self.first(BaselineEvent, lambda e: e.phase == "begin")
        end = self.first(BaselineEvent, lambda e: e.phase == "end")
        return (begin.counters if begin else {}), (end.counters if end else {})

    def readings(self) -> list[LandedEvent]:
        return list(self.of(LandedEvent))

    def done(self) -> str:
        """What the fault read back after the injection, in words."""
        return next((e.done for e in self.of(InjectEvent) if e.done), "")

    def fault_errors(self) -> list[FaultErrorEvent]:
        return list(self.of(FaultErrorEvent))

    def loads(self) -> list[LoadEvent]:
        return list(self.of(LoadEvent))

    def stage_events(self) -> list[StageEvent]:
        return list(self.of(StageEvent))


def timeline_of(history: History, index: int) -> Timeline:
    stage = history.plan.drill.stages[index]
    return Timeline(stage, index, tuple(e for e in history.events if e.stage == stage.stage))


def stalls(history: History) -> tuple[Stall, ...]:
    """Of the whole run: the probe's loop is one."""
    return tuple(Stall(e.t_ns, e.t_ns + e.lasted_ns) for e in history.of(StallEvent))
