"""From a stored history and its verdict to the facts of the incident document. Pure; nothing that is not in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.drill.model import Measure, Stage
from lab.drill.units import format_limit, format_scalar
from lab.history.model.events import RunEvent
from lab.history.model.history import History
from lab.judge.known import ALL
from lab.judge.timeline import Timeline, timeline_of
from lab.judge.times import between, ns
from lab.judge.verdict import BudgetFigures, EpisodeVerdict, StageVerdict, Verdict
from lab.prove.found import Found, told
from lab.report.conclusion import broken
from lab.report.figures import first_episode
from lab.report.incident.counts import apis, traffic
from lab.report.incident.done import actions, gave_up, settings_at
from lab.report.incident.instants import Instants, wall
from lab.report.incident.model import (
    Cause,
    Check,
    Connections,
    Counter,
    Episode,
    Incident,
    Measured,
    MeasureFacts,
    Outage,
    Quiet,
    Rule,
    Setting,
)
from lab.report.incident.story import entries, notes, story


def incident(history: History, verdict: Verdict, records: Found | None = None) -> Incident:
    """Everything that the document says. A stage with an outage is a part of it, any other a line."""
    plan, ends = history.plan, [event for event in history.of(RunEvent) if event.phase == "end"]
    stages = list(enumerate(verdict.stages))
    return Incident(
        drill=verdict.drill,
        about=plan.drill.about,
        ruling=verdict.verdict,
        reasons=tuple(map(broken, verdict.reasons)),
        complete=bool(ends) and ends[-1].reason == "complete",
        began=wall(plan.epoch_ns, next((event.t_ns for event in history.of(RunEvent)), 0)),
        ended=wall(plan.epoch_ns, ends[-1].t_ns) if ends else None,
        runtime=plan.runtime,
        target=plan.drill.target.url or plan.drill.target.use or "",
        in_model=plan.drill.target.use is not None and plan.runtime != "fake",
        seed=plan.seed,
        lab=plan.lab,
        without=plan.without,
        patches=plan.patches,
        stages=len(stages),
        outages=tuple(_outage(history, index, stage, records or {}) for index, stage in stages if stage.episodes),
        quiet=tuple(_quiet(history, index, stage) for index, stage in stages if not stage.episodes),
        checks=tuple(
            Check(
                check=each.check,
                ruling=each.verdict,
                reasons=each.reasons,
                acknowledged=each.acknowledged,
                stored=each.stored,
                in_doubt=each.in_doubt,
            )
            for each in verdict.invariants
        ),
    )


def _quiet(history: History, index: int, verdict: StageVerdict) -> Quiet:
    timeline = timeline_of(history, index)
    return Quiet(
        number=index + 1,
        stage=verdict.stage,
        ruling=verdict.verdict,
        kind=_quiet_kind(timeline),
        reasons=verdict.reasons,
        fault=timeline.stage.fault.name if timeline.stage.fault else "",
    )


def _quiet_kind(timeline: Timeline) -> str:
    if not timeline.stage_events() or any(event.skipped for event in timeline.stage_events()):
        return "not run"
    if timeline.stage.is_load_test:
        return "load test"
    if timeline.stage.fault is None:
        return "no fault"
    return "not injected" if timeline.inject_begin_ns is None else "not visible"


def _outage(history: History, index: int, verdict: StageVerdict, records: Found) -> Outage:
    timeline = timeline_of(history, index)
    zero_ns = timeline.inject_begin_ns
    assert zero_ns is not None, "the judge measures no outage without an injection"
    instants = Instants(history.plan.epoch_ns, zero_ns)
    found, first = traffic(history, timeline), first_episode(verdict) or verdict.episodes[0]
    sent, hit = found.vus()
    heals = [event for event in timeline.events if event.kind == "heal"]
    return Outage(
        number=index + 1,
        stage=verdict.stage,
        ruling=verdict.verdict,
        reasons=verdict.reasons,
        injected=instants.at_ns(zero_ns),
        detected=instants.at_or_none(first.detected_s),
        detected_by=first.detected_by or "",
        alarm_text=_alarm_text(timeline, first),
        healed=None if timeline.heal_end_ns is None else instants.at_ns(timeline.heal_end_ns),
        healed_reason=getattr(heals[0], "reason", "") if heals else "",
        first=_episode(first, instants),
        others=tuple(_episode(each, instants) for each in verdict.episodes if each is not first),
        measured=tuple(_measured(first, verdict.budgets)),
        recover_from=first.recover_from,
        apis=tuple(apis(found, dict(history.plan.drill.target.requests), verdict.episodes)),
        probe=found.probe_counted(),
        users=found.users_counted(),
        vus=sent,
        vus_hit=hit,
        cause=_cause(history, timeline, verdict),
        timeline=story(history, timeline, verdict.episodes, instants),
        actions=tuple(actions(history, timeline, instants)),
        gave_up=gave_up(timeline),
        notes=tuple(entry for note in notes(history, timeline) for entry in entries(note, instants)),
        measures=tuple(_measures(timeline.stage, history.plan.without, records)),
    )


def _alarm_text(timeline: Timeline, first: EpisodeVerdict) -> str:
    if first.detected_s is None:
        return ""
    at_ns = ns(first.detected_s)
    return next((e.text for e in timeline.alarms() if e.alarm == first.detected_by and abs(e.t_ns - at_ns) < 1000), "")


def _episode(found: EpisodeVerdict, instants: Instants) -> Episode:
    good_s = found.recovered_s
    return Episode(
        caused_by=found.caused_by,
        relapse=found.relapse,
        began=instants.at(found.onset_s),
        visible=instants.at(found.visible_s),
        good=instants.at_or_none(good_s),
        last_bad=instants.at_or_none(found.bracket_s[0] if found.bracket_s else None),
        watched_to=instants.at(found.watched_to_s),
        lasted_s=None if good_s is None else between(ns(found.onset_s), ns(good_s)),
        watched_s=found.watched_to_s - found.onset_s,
        connections=tuple(
            Connections(name=name, requests=each.requests, bad=each.bad, affected=each.affected)
            for name, each in found.classes.items()
            if name != ALL
        ),
        bad_seconds=found.bad_seconds,
        bad_seconds_after_action=found.bad_seconds_after_action,
    )


def _measured(first: EpisodeVerdict, budgets: Mapping[str, BudgetFigures]) -> Iterator[Measured]:
    """Budgets are held against the whole stage, and carry their own value: bad-seconds may be those of several outages."""
    for figure, value in (
        ("detect", first.detect_s),
        ("detect to recover", first.detect_to_recover_s),
        ("act to ready", first.act_to_ready_s),
        ("recover", first.recover_s),
        ("bad_seconds", first.bad_seconds),
    ):
        held = budgets.get(figure)
        if held is None:
            yield Measured(figure=figure, value=value)
        else:
            yield Measured(figure=figure, value=value if held.value is None else held.value, budget=held.budget, kept=held.kept)


def _cause(history: History, timeline: Timeline, verdict: StageVerdict) -> Cause:
    call, evidence = timeline.stage.fault, verdict.evidence
    assert call is not None, "only a stage with a fault has an injection"
    names = dict.fromkeys([*evidence.counters, *evidence.counters_before])
    settings = settings_at(history, timeline.inject_begin_ns or 0)
    return Cause(
        fault=call.name,
        parameters=tuple((name, format_scalar(value)) for name, value in call.parameters.items()),
        done=evidence.done,
        landed=evidence.landed or "not known",
        counters=tuple(
            Counter(name=name, moved=evidence.counters.get(name, 0), before=evidence.counters_before.get(name, 0))
            for name in names
        ),
        settings=tuple(_settings(settings)),
        baseline_requests=evidence.baseline.requests if evidence.baseline else None,
        baseline_bad=evidence.baseline.bad if evidence.baseline else None,
    )


def _settings(found: Mapping[str, Any]) -> Iterator[Setting]:
    return (Setting(name=name, value=format_scalar(value)) for name, value in found.items())


def _measures(stage: Stage, without: tuple[str, ...], records: Found) -> Iterator[MeasureFacts]:
    for name, measure in stage.measures.items():
        yield MeasureFacts(
            name=name,
            in_force=True,
            rules=tuple(_rules(measure)),
            settings=tuple(_settings(measure.target)),
            proofs=told(records, stage.stage, name),
        )
    for name in without:
        yield MeasureFacts(name=name, in_force=False, proofs=told(records, stage.stage, name))


def _rules(measure: Measure) -> Iterator[Rule]:
    return (Rule(alarm=rule.when, action=rule.action, limit=format_limit(rule.limit)) for rule in measure.respond)
