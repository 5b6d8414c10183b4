"""What a report says, as frozen data: collected once here, laid out by ``terminal`` and ``markdown``."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drill.describe import users_of
from lab.drill.model import Drill, Load, RunPlan, Stage
from lab.drill.units import format_duration, format_rate
from lab.history.model.history import History
from lab.judge.timeline import timeline_of
from lab.judge.verdict import Ruling, StageVerdict, Verdict
from lab.report.alarms import alarm_lines
from lab.report.conclusion import AS_FAR, broken, conclusion
from lab.report.instrument import instrument
from lab.report.line import ReportLine
from lab.report.load import load_lines, stages_table, thresholds_line
from lab.report.marks import marks
from lab.report.quantities import printable


@dataclass(frozen=True)
class StageFacts:
    """``setting``: the users, their way to the target, the measures. ``reasons`` may have several lines (a log's end)."""

    number: int
    name: str
    ruling: Ruling
    setting: tuple[str, ...]
    reasons: tuple[str, ...]
    timeline: tuple[ReportLine, ...]
    figures: tuple[ReportLine, ...]


@dataclass(frozen=True)
class Facts:
    """``context``: what was measured, where and how. ``troubles``: of the whole run. ``conclusion``: what the ruling rests on."""

    drill: str
    ruling: Ruling
    context: tuple[str, ...]
    troubles: tuple[str, ...]
    stages: tuple[StageFacts, ...]
    conclusion: tuple[str, ...]
    table: tuple[str, ...] = ()
    """Of all load tests, line by line."""
    thresholds: tuple[str, ...] = ()
    """Of the whole drill."""


def facts(history: History, verdict: Verdict) -> Facts:
    """Everything that is to be said of a run."""
    return Facts(
        drill=verdict.drill,
        ruling=verdict.verdict,
        context=context(history.plan),
        troubles=_troubles(verdict),
        stages=tuple(_stage(history, index, stage) for index, stage in enumerate(verdict.stages)),
        conclusion=conclusion(verdict),
        table=tuple(stages_table(verdict)),
        thresholds=thresholds_line(verdict),
    )


def context(plan: RunPlan) -> tuple[str, ...]:
    """The parts of the report's first line behind the drill's name."""
    parts: list[str] = [plan.runtime]
    if plan.toxiproxy:
        parts.append(f"toxiproxy {plan.toxiproxy}")
    parts += [
        plan.drill.target.url or plan.drill.target.use or "your own service",
        f"probe {_probe_rates(plan.drill)}",
        f"seed {plan.seed}",
    ]
    return (*parts, *arm(plan), _worth(plan))


def arm(plan: RunPlan) -> tuple[str, ...]:
    """How the run differs from its drill file: nothing, or the measures left out and what ``--set`` changed."""
    scale = (f"times ×{plan.drill.scale:g}",) if plan.drill.scale != 1 else ()
    without = (f"control arm: without {' and '.join(plan.without)}",) if plan.without else ()
    return (*scale, *without, *(f"set {printable(patch)}" for patch in plan.patches))


def _probe_rates(drill: Drill) -> str:
    return " and ".join(dict.fromkeys(format_rate(stage.probe.rate) for stage in drill.stages))


def _worth(plan: RunPlan) -> str:
    """What the figures are worth: the lab refutes cheaply and confirms weakly, and every report says so."""
    if plan.runtime == "fake":
        return "simulated: no real service was measured"
    return "measured in a model of a service" if plan.drill.target.use else "measured on one machine, not in production"


def _troubles(verdict: Verdict) -> tuple[str, ...]:
    """Those of the run that no stage tells already."""
    told = {reason for stage in verdict.stages for reason in stage.reasons}
    found = tuple(reason for reason in map(broken, verdict.reasons) if reason not in told)
    if verdict.verdict is Ruling.INTERRUPTED:
        return (f"interrupted: {AS_FAR}", *found)
    return found


def _stage(history: History, index: int, verdict: StageVerdict) -> StageFacts:
    timeline = timeline_of(history, index)
    unexpected = [each for each in history.unexpected if each.scenario == index]
    load = timeline.stage.load
    lines = load_lines(verdict, history.plan.drill.target.requests, unexpected, scripted=load is not None and load.scripted)
    return StageFacts(
        number=index + 1,
        name=verdict.stage,
        ruling=verdict.verdict,
        setting=setting(timeline.stage),
        reasons=verdict.reasons,
        timeline=marks(history, timeline, verdict),
        figures=(*lines, *alarm_lines(verdict), *instrument(timeline, verdict)),
    )


def setting(stage: Stage) -> tuple[str, ...]:
    """``50 VUs, kept connections, through the proxy`` and ``no measure: the lab ends the fault after 3s``."""
    way = "through the proxy" if stage.lane == "proxy" else "direct"
    return (f"{_users(stage.load)}, {way}", _measures(stage))


def _users(load: Load | None) -> str:
    if load is None:
        return "no users, the probe alone"
    if load.k6:
        return users_of(load)
    if load.python:
        return f"{users_of(load)}, {load.python}"
    connections = "new connections" if load.connections == "fresh" else "kept connections"
    return f"{users_of(load)}, {connections}"


def _measures(stage: Stage) -> str:
    if stage.is_load_test:
        return "a load test"
    if stage.fault is None:
        return "no fault"
    if stage.measures:
        return f"measures: {', '.join(stage.measures)}"
    if stage.until_recovered:
        return "no measure: nothing is there to end it"
    return f"no measure: the lab ends the fault after {format_duration(stage.lasts)}"
