"""Events: what the lab did and noticed, each with its instant in nanoseconds since t0.

One frozen dataclass per kind. Kinds that take time come twice, with ``phase`` begin and end.
``to_json`` and ``from_json`` are each other's inverse; a field that an older lab did not write takes its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, ClassVar, Literal

Phase = Literal["begin", "end"]
Counters = Mapping[str, int]
"""Readings of a fault's evidence: name of the counter → its value."""


@dataclass(frozen=True, kw_only=True)
class Event:
    kind: ClassVar[str]
    t_ns: int
    stage: str = ""
    writer: str = field(default="run", metadata={"file": False})
    """Which file it stands in; readers merge by (t, writer, seq)."""
    seq: int = field(default=0, metadata={"file": False})


@dataclass(frozen=True, kw_only=True)
class RunEvent(Event):
    """The run begins and ends; ``reason``: complete, interrupted, or what broke it."""

    kind: ClassVar[str] = "run"
    phase: Phase
    reason: str = "complete"


@dataclass(frozen=True, kw_only=True)
class StageEvent(Event):
    """``skipped`` says what the stage needs that this room has not; ``error`` what kept it from being carried out."""

    kind: ClassVar[str] = "stage"
    phase: Phase
    skipped: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class TargetEvent(Event):
    kind: ClassVar[str] = "target"
    state: Literal["starting", "started", "ready", "stopping", "stopped", "died", "failed"]
    pid: int = 0
    detail: str = ""
    settings: Mapping[str, int | float | bool | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LoadEvent(Event):
    """Begin: it has been told to start at the absolute instant ``planned_ns``. End: what it says of itself."""

    kind: ClassVar[str] = "load"
    phase: Phase
    shard: int = 0
    """Each shard has an end of its own."""
    planned_ns: int = 0
    exit: int = 0
    late_ms: float = 0.0
    """How much later than planned its first user started."""
    cpu_share: float = 0.0
    detail: str = ""
    checks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Of a script: how often each held, and did not."""
    script_errors: Mapping[str, int] = field(default_factory=dict)
    """What a script raised, by kind and place."""


@dataclass(frozen=True, kw_only=True)
class BaselineEvent(Event):
    """Begin: the load has settled. End: just before the injection; with the fault's counters at either end."""

    kind: ClassVar[str] = "baseline"
    phase: Phase
    counters: Counters = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class InjectEvent(Event):
    """``done``: what the fault read back after the injection, in words; empty when it could not."""

    kind: ClassVar[str] = "inject"
    phase: Phase
    fault: str
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class LandedEvent(Event):
    """The fault's counters when one of them was higher than ever (looked at every 100 ms while it stands)."""

    kind: ClassVar[str] = "landed"
    counters: Counters


@dataclass(frozen=True, kw_only=True)
class HealthEvent(Event):
    """The target's health check was asked at ``asked_ns``, where an alarm rule wants it; ``t_ns``: it answered, or was given up.

    ``said``: what came instead of a good answer; empty: a good one. ``late``: our own loop stood still over the time-out, so
    that it tells nothing.
    """

    kind: ClassVar[str] = "health"
    asked_ns: int
    said: str = ""
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class AcceptEvent(Event):
    """What the target's listener held, where an alarm rule asks for it: 20 readings a second.

    ``limit`` 0: nothing listened. ``drops`` only grows, but for a restart that takes the counter with it. ``most``: the
    target's setting max_connections, in force when it was read; 0: it has none.
    """

    kind: ClassVar[str] = "accept"
    waiting: int = 0
    limit: int = 0
    connections: int = 0
    most: int = 0
    drops: int = 0


@dataclass(frozen=True, kw_only=True)
class AlarmEvent(Event):
    kind: ClassVar[str] = "alarm"
    phase: Phase
    alarm: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class DecideEvent(Event):
    """The responder's decision on an alarm: an action, or why none."""

    kind: ClassVar[str] = "decide"
    alarm: str
    action: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ActionEvent(Event):
    kind: ClassVar[str] = "action"
    phase: Phase
    action: str
    ok: bool = True
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class HoldEvent(Event):
    """``owner`` (``fault crash``, ``action restart``) alone may start or end the target from begin to end.

    ``waited_ns``: how long it had to wait for the one before.
    """

    kind: ClassVar[str] = "hold"
    phase: Phase
    owner: str
    waited_ns: int = 0


@dataclass(frozen=True, kw_only=True)
class SteadyEvent(Event):
    """The live fold saw every affected class recovered; the judge finds the instant itself."""

    kind: ClassVar[str] = "steady"


@dataclass(frozen=True, kw_only=True)
class HealEvent(Event):
    """``reason``: planned, recovered, deadline or interrupted."""

    kind: ClassVar[str] = "heal"
    phase: Phase
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class FaultErrorEvent(Event):
    kind: ClassVar[str] = "fault_error"
    fault: str
    during: Literal["inject", "evidence", "heal"]
    error: str


@dataclass(frozen=True, kw_only=True)
class StallEvent(Event):
    """The probe's loop stood still from ``t_ns`` for ``lasted_ns``: what was in flight cannot be judged."""

    kind: ClassVar[str] = "stall"
    lasted_ns: int


@dataclass(frozen=True, kw_only=True)
class SensorEvent(Event):
    """A reading of the machine: CPU steal and pressure, suspended time."""

    kind: ClassVar[str] = "sensor"
    readings: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class ResourceEvent(Event):
    """What the target's process ``pid`` holds: bytes, threads, descriptors, connections, and its JVM's memory."""

    kind: ClassVar[str] = "resource"
    pid: int = 0
    readings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TickEvent(Event):
    """Once a second, for the display only: the judge never reads it."""

    kind: ClassVar[str] = "tick"
    shares: Mapping[str, int] = field(default_factory=dict)
    rate: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    vus: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NoteEvent(Event):
    kind: ClassVar[str] = "note"
    text: str


KINDS: dict[str, type[Event]] = {cls.kind: cls for cls in Event.__subclasses__()}
"""Every class above, by its kind: a new one needs only to stand there."""


def to_json(event: Event) -> dict[str, Any]:
    """What one line of an events file holds: ``t``, ``kind``, then the fields that are not at their default."""
    # A required field is always written, an empty mapping too: only what from_json can fill in again is left out.
    defaults = {f.name: f.default_factory() if f.default_factory is not MISSING else f.default for f in fields(event)}
    unwritten = {f.name for f in fields(event) if not f.metadata.get("file", True)}
    values = {k: v for k, v in asdict(event).items() if k not in unwritten and v != defaults[k]}
    return {"t": values.pop("t_ns", 0), "kind": event.kind, **values}


def from_json(line: Mapping[str, Any], writer: str = "run", seq: int = 0) -> Event:
    """The event of one line. Raises ValueError when the kind is unknown or a field is missing or unknown."""
    try:
        values = {key: value for key, value in line.items() if key not in ("t", "kind")}
        return KINDS[line["kind"]](t_ns=line["t"], writer=writer, seq=seq, **values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an event of this lab: {line!r} ({error})") from error
