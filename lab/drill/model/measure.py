"""What is done when something is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.drill.model.alarms import AlarmName
from lab.drill.model.noun import FileNoun, Scalar
from lab.drill.units import Limit, Within


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
