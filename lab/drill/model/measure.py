"""What is done when something is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.drill.model.alarms import AlarmName
from lab.drill.model.noun import FileNoun, Scalar
from lab.drill.units import Limit, Seconds, Within

Do = Literal["restart", "set", "command", "scale-out", "scale-in", "nobody"]


@dataclass(frozen=True, kw_only=True)
class Respond(FileNoun):
    """On this alarm do that, at most ``limit``. What else is read depends on ``do``; see ``lab.drill.respond_rules``."""

    when: AlarmName
    do: Do
    limit: Within = Limit(3, 60.0)
    how: Literal["kill", "graceful"] = "kill"
    grace: Seconds = 5.0
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    timeout: Seconds = 30.0
    max: int = 4
    cool_down: Seconds = 5.0


@dataclass(frozen=True, kw_only=True)
class Measure(FileNoun):
    """A named patch over a stage, in force unless ``--without NAME``. Settings win over the target's and the fault's."""

    respond: tuple[Respond, ...] = ()
    target: Mapping[str, Scalar] = field(default_factory=dict)
