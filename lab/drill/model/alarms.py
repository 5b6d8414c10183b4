"""When something is noticed: what a monitoring system would watch. Every rule is raised after ``for`` without a break."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from lab.drill.model.noun import FileNoun
from lab.drill.units import NumberOrShare, Percentile, Seconds, Share

SAMPLE_S = 0.05
"""How often the target's listener is asked what waits there: 20 readings a second, 0.02 ms each [M]."""


@dataclass(frozen=True, kw_only=True)
class ErrorsAlarm(FileNoun):
    """Share of bad among the probe's known, punctual requests in a sliding window, without a break for ``for``."""

    above: Share
    over: Seconds
    for_: Seconds = 0.0
    at_least: int = 10


@dataclass(frozen=True, kw_only=True)
class DiedAlarm(FileNoun):
    """The target's process ended, seen by its pid file descriptor."""


@dataclass(frozen=True, kw_only=True)
class QueueAlarm(FileNoun):
    """Connections that wait in the target's accept queue, as a share of what the queue holds."""

    above: Share
    for_: Seconds = 0.0


@dataclass(frozen=True, kw_only=True)
class ConnectionsAlarm(FileNoun):
    """Connections that the target has open: so many, or a share of its setting ``max_connections``."""

    above: NumberOrShare
    for_: Seconds = 0.0


@dataclass(frozen=True, kw_only=True)
class LatencyAlarm(FileNoun):
    """A percentile of the time from due to known, of the probe's punctual requests in a sliding window."""

    above: Seconds
    of: Percentile = 0.95
    over: Seconds
    for_: Seconds = 0.0
    at_least: int = 10


@dataclass(frozen=True, kw_only=True)
class OverflowsAlarm(FileNoun):
    """Connections that the kernel dropped because an accept queue was full, in a sliding window."""

    above: int = 0
    over: Seconds
    for_: Seconds = 0.0


@dataclass(frozen=True, kw_only=True)
class HealthAlarm(FileNoun):
    """The target's health check, asked over a new connection each time: ``misses`` in a row without a good answer in time.

    The longest that a process that stands still goes unnoticed is ``misses * every + timeout``.
    """

    every: Seconds = 0.1
    timeout: Seconds = 0.08
    misses: int = 2


@dataclass(frozen=True, kw_only=True)
class Alarms(FileNoun):
    """The alarm rules of a stage, by name."""

    errors: ErrorsAlarm | None = None
    died: DiedAlarm | None = None
    queue: QueueAlarm | None = None
    connections: ConnectionsAlarm | None = None
    latency: LatencyAlarm | None = None
    overflows: OverflowsAlarm | None = None
    health: HealthAlarm | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the rules that there are."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name) is not None)

    @property
    def of_listener(self) -> dict[str, QueueAlarm | ConnectionsAlarm | OverflowsAlarm]:
        """Those that need readings of the target's listener."""
        found = {"queue": self.queue, "connections": self.connections, "overflows": self.overflows}
        return {name: rule for name, rule in found.items() if rule is not None}


AlarmName = Literal["errors", "died", "queue", "connections", "latency", "overflows", "health"]
