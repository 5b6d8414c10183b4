"""What a rule does, part by part: one action, or the steps of its runbook in order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drill.model import Deed, Respond, StepDo


@dataclass(frozen=True)
class Part:
    """``name``: in the history. ``left``: steps that come after it."""

    name: str
    do: StepDo
    deed: Deed
    wait_s: float = 0.0
    until_ready: bool = False
    left: int = 0


def parts(rule: Respond) -> tuple[Part, ...]:
    """``runbook longer-queue 2/3 fresh process``: each has a line, and a cost, of its own. None where nobody acts."""
    if rule.do == "nobody":
        return ()
    if rule.do != "runbook":
        return (Part(rule.do, rule.do, rule),)
    count = len(rule.steps)
    return tuple(
        Part(f"{rule.action} {n}/{count} {step.step}", step.do, step, step.wait, step.until == "ready", count - n)
        for n, step in enumerate(rule.steps, 1)
    )


def stopped(part: Part, why: str) -> str:
    """The reason of a failed step, with what that means for the rest; the first line is what a report has room for."""
    first, *rest = why.split("\n")
    if part.left:
        first += f"; the runbook stops here, with {part.left} more step{'s' if part.left > 1 else ''} not taken"
    return "\n".join([first, *rest])
