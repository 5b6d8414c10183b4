"""Below the story: budgets, and how well the instrument, the users and the machine did meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.history.model.events import LoadEvent
from lab.history.model.rows import Outcome
from lab.judge.machine import cpu_pressure, stolen_ticks
from lab.judge.timeline import Timeline
from lab.judge.verdict import BudgetFigures, ProbeFigures, Ruling, StageVerdict, UserFigures
from lab.report.line import ReportLine
from lab.report.quantities import count, duration, duration_or_nothing, several, share

TICKS_PER_S = 100
"""USER_HZ, the unit of /proc/stat: 100 on every Linux that the lab runs on."""


def instrument(timeline: Timeline, verdict: StageVerdict) -> tuple[ReportLine, ...]:
    """Only what there is something to say about: a skipped stage has no probe."""
    probe = verdict.evidence.probe
    lines = [
        ReportLine("budgets", tuple(_budgets(verdict))),
        ReportLine("probe", (*_probe(probe), *_machine(timeline)) if probe.requests else ()),
        ReportLine("outcomes", tuple(outcomes(probe.outcomes))),
        ReportLine("users", (*_users(verdict.users), *_generator(timeline)) if verdict.users and verdict.users.requests else ()),
    ]
    return tuple(line for line in lines if line.says)


_MISSING = {"detect": "no alarm", "recover": "no recovery"}


def _budgets(verdict: StageVerdict) -> Iterator[str]:
    """Where the stage is unknown its reasons say why nothing was held against a budget."""
    for name, figures in sorted(verdict.budgets.items(), key=_order):
        if figures.kept is not None or verdict.verdict is not Ruling.UNKNOWN:
            yield _budget(name, figures)


def _order(named: tuple[str, BudgetFigures]) -> int:
    return ("detect", "recover", "bad_seconds").index(named[0])


def _budget(name: str, figures: BudgetFigures) -> str:
    said = "bad-seconds" if name == "bad_seconds" else name
    limit, value = _amount(name, figures.budget), figures.value
    if figures.kept is None:
        return f"– {said}: nothing to hold against {limit}"
    if value is None:
        return f"✗ missed: {_MISSING.get(name, 'nothing measured')} within {limit}"
    return (
        f"✓ kept: {said} {_amount(name, value)} ≤ {limit}"
        if figures.kept
        else f"✗ missed: {said} {_amount(name, value)} > {limit}"
    )


def _amount(name: str, value: float) -> str:
    return f"{round(value, 2):g}" if name == "bad_seconds" else duration(value)


def _probe(probe: ProbeFigures) -> Iterator[str]:
    yield several(probe.requests, "request")
    yield f"{count(probe.late)} late" + (", left out of every figure" if probe.late else "")
    if probe.cut:
        yield f"{count(probe.cut)} in flight at the end"
    p50, p99, most = (duration_or_nothing(lag_s) for lag_s in (probe.lag_p50_s, probe.lag_p99_s, probe.lag_max_s))
    yield f"lag p50 {p50}, p99 {p99}, max {most}"


def _machine(timeline: Timeline) -> Iterator[str]:
    if (ticks := stolen_ticks(timeline)) is not None:
        yield f"CPU stolen {duration(ticks / TICKS_PER_S)}"
    if (pressure := cpu_pressure(timeline)) is not None:
        yield f"CPU pressure {share(pressure)} of the time"


def outcomes(counts: Mapping[str, int]) -> Iterator[str]:
    """``ok 933``, ``reset 293``, ``closed 7``: a RST and a FIN are never added up."""
    for outcome in Outcome:
        name = outcome.name.lower()
        if counts.get(name):
            yield f"{name.replace('_', ' ')} {count(counts[name])}"


def _users(users: UserFigures) -> Iterator[str]:
    yield several(users.requests, "request")
    yield f"{count(users.bad)} bad"
    yield from outcomes(users.outcomes)


def _generator(timeline: Timeline) -> Iterator[str]:
    """What the process of the users said at its end: one at the end of its CPU, or late, was not the load that was asked for.

    Simulated users have no process, and one that died has said nothing.
    """
    ended = [event for event in timeline.of(LoadEvent) if event.phase == "end"]
    if ended and ended[-1].cpu_share:
        yield f"started {duration(ended[-1].late_ms / 1000)} late"
        yield f"CPU {share(ended[-1].cpu_share)} of a core"
