"""When something is noticed, and what is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.drill.model.noun import FileNoun, Scalar
from lab.drill.units import Limit, Seconds, Share, Within


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
class Alarms(FileNoun):
    """The alarm rules of a stage, by name."""

    errors: ErrorsAlarm | None = None
    died: DiedAlarm | None = None


AlarmName = Literal["errors", "died"]


@dataclass(frozen=True, kw_only=True)
class Respond(FileNoun):
    """On this alarm do that, at most ``limit``."""

    when: AlarmName
    do: Literal["restart", "nobody"]
    limit: Within = Limit(3, 60.0)


@dataclass(frozen=True, kw_only=True)
class Measure(FileNoun):
    """A named patch over a stage, in force unless ``--without NAME``. Settings win over the target's and the fault's."""

    respond: tuple[Respond, ...] = ()
    target: Mapping[str, Scalar] = field(default_factory=dict)
