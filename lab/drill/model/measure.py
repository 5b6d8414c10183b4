"""What is done when something is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.drill.model.alarms import AlarmName
from lab.drill.model.noun import FileNoun, Scalar
from lab.drill.units import Limit, Seconds, Within

StepDo = Literal["restart", "set", "command", "scale-out", "scale-in"]
Do = Literal[StepDo, "runbook", "nobody"]


@dataclass(frozen=True, kw_only=True)
class Deed(FileNoun):
    """How it is done. Which of these are read depends on what is done; see ``lab.drill.respond_rules``."""

    how: Literal["kill", "graceful"] = "kill"
    grace: Seconds = 5.0
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    timeout: Seconds = 30.0


@dataclass(frozen=True, kw_only=True)
class Step(Deed):
    """One of a runbook, after ``wait``. ``until``: it is done when the target's health check says so."""

    step: str
    do: StepDo
    wait: Seconds = 0.0
    until: Literal["ready"] | None = None


@dataclass(frozen=True, kw_only=True)
class Respond(Deed):
    """On this alarm do that, at most ``limit``. The reader puts the ``steps`` of the ``runbook`` that is named."""

    when: AlarmName
    do: Do
    limit: Within = Limit(3, 60.0)
    max: int = 4
    cool_down: Seconds = 5.0
    runbook: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def action(self) -> str:
        """What it does, as the history names it."""
        return f"runbook {self.runbook}" if self.do == "runbook" else self.do


@dataclass(frozen=True, kw_only=True)
class Measure(FileNoun):
    """A named patch over a stage, in force unless ``--without NAME``. Settings win over the target's and the fault's."""

    respond: tuple[Respond, ...] = ()
    target: Mapping[str, Scalar] = field(default_factory=dict)
