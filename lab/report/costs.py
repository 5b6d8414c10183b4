"""What was bad while an action was under way, in words: counted, not blamed on it."""

from __future__ import annotations

from collections.abc import Iterator

from lab.judge.verdict import ActionFigures, CostFigures
from lab.report.line import ReportLine
from lab.report.quantities import count, several

_UNTIL = {"ready": "until it was ready", "done": "until it was done", "watched": "as far as it was watched"}


def costs(acts: tuple[ActionFigures, ...], zero_s: float) -> Iterator[ReportLine]:
    """A line for each action, at its end."""
    for act in acts:
        users = [f"{_bad(act.users, 'user request')}"] if act.users.requests else []
        probe = f"{_bad(act.probe, 'probe request')} ({_classes(act.probe)})"
        yield ReportLine("cost", (f"{act.action}, {_UNTIL[act.until]}: {probe}", *users), act.until_s - zero_s)


def _classes(cost: CostFigures) -> str:
    reopened = cost.bad - cost.fresh_bad - cost.kept_bad
    rest = f", {count(reopened)} reopened" if reopened else ""
    return f"{count(cost.fresh_bad)} fresh, {count(cost.kept_bad)} kept{rest}"


def _bad(cost: CostFigures, noun: str) -> str:
    return f"{count(cost.bad)} of {several(cost.requests, noun)} bad"
