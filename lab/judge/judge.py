"""The judge: a stored history in, a verdict out. Nothing else computes a figure that a person sees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from lab.drill.model import Stage, Thresholds
from lab.history.model.history import History
from lab.history.model.rows import NEVER, Column, Rows
from lab.judge import checks, generator
from lab.judge.alarms import alarm_figures
from lab.judge.baseline import Baseline
from lab.judge.budgets import Held, hold
from lab.judge.checked import Scripts, of_script, of_scripts
from lab.judge.costs import costs
from lab.judge.detector import ALPHA
from lab.judge.figures import Scene, bad_seconds, figures, recovered
from lab.judge.invariants import invariants
from lab.judge.known import Bounds, Seen, see
from lab.judge.landed import Evidence, evidence_of, landed
from lab.judge.live import LiveFold
from lab.judge.load import held, load_figures, span_s
from lab.judge.outages import Episode
from lab.judge.resources import trends
from lab.judge.timeline import Timeline, stalls, timeline_of
from lab.judge.times import ns, seconds
from lab.judge.users import outcomes, users
from lab.judge.verdict import (
    EXIT,
    BaselineFigures,
    EpisodeVerdict,
    EvidenceFigures,
    InvariantVerdict,
    ProbeFigures,
    Ruling,
    StageVerdict,
    ThresholdFigures,
    Verdict,
)


def judge(history: History) -> Verdict:
    """Judge a run from what it recorded, and from nothing else.

    For each stage of the drill:

    1. Pick its events out of the run (``timeline``) and its rows by their scenario.
    2. Say of every request whether it was bad, when that was known, and whether the instrument was late (``known``).
    3. Fix the baseline and p0 (``baseline``), then let the folds of the live watch read the rest in known order
       (``live``): outages per class (``track``), put together to episodes (``outages``).
    4. Measure each episode (``figures``, ``spans``, ``runs``), the load's own requests (``users``), and by how much each
       alarm led or lagged (``alarms``).
    5. Compare the fault's counters (``landed``), and collect every reason why this is no valid measurement
       (``checks``). One reason, and the stage is ``unknown``.
    6. Hold the figures against the budgets (``budgets``) and the thresholds (``load``). One missed, and the stage
       fails. An outage in a stage without a fault fails it too.

    A load test has no baseline, no outages and no evidence: its load's own requests are measured (``load``), and
    whether the generator made the load that was asked for (``generator``).

    For the whole drill: 7. the invariants (``invariants``); 8. fail if a stage or an invariant fails; else unknown if
    one is unknown or the run broke off; else pass. An interrupted run is ``interrupted``, whatever its stages say.

    docs/definitions.md has the formulas and the reasons behind them. Same history, same bytes (``Verdict.to_json``).
    """
    stages = tuple(judge_stage(history, index) for index in range(len(history.plan.drill.stages)))
    found = invariants(history)
    thresholds = _thresholds(history, history.plan.drill.thresholds, history.load, of_scripts(history))
    missed, open_ = generator.missed(thresholds), generator.without_value(thresholds)
    reasons = (*checks.run_reasons(history), *missed, *open_)
    ruling = _whole(history, stages, found, reasons, failed=bool(missed))
    return Verdict(
        drill=history.plan.drill.drill,
        verdict=ruling,
        exit=EXIT[ruling],
        reasons=reasons,
        stages=stages,
        invariants=found,
        thresholds=thresholds,
        definitions=history.plan.definitions,
    )


def _whole(
    history: History, stages: Sequence[StageVerdict], found: Sequence[InvariantVerdict], reasons: Sequence[str], *, failed: bool
) -> Ruling:
    if checks.interrupted(history):
        return Ruling.INTERRUPTED
    rulings = {*(stage.verdict for stage in stages), *(invariant.verdict for invariant in found)}
    if failed or Ruling.FAIL in rulings:
        return Ruling.FAIL
    return Ruling.UNKNOWN if reasons or Ruling.UNKNOWN in rulings else Ruling.PASS


def _thresholds(history: History, written: Thresholds, rows: Rows, scripts: Scripts) -> tuple[ThresholdFigures, ...]:
    """Over the time from the first due to the last end, which is what the rate of a counter is divided by."""
    if not written:
        return ()
    drill = history.plan.drill
    return held(written, rows, [stage.stage for stage in drill.stages], list(drill.target.requests), span_s(rows), scripts)


def judge_stage(history: History, index: int) -> StageVerdict:
    """Steps 1 to 6 for one stage."""
    timeline = timeline_of(history, index)
    return _load_test(history, timeline) if timeline.stage.is_load_test else _drill_stage(history, timeline)


def _load_test(history: History, timeline: Timeline) -> StageVerdict:
    stage, index = timeline.stage, timeline.index
    rows = history.load.where(history.load.scenario == index)
    probe_rows = history.probe.where(history.probe.scenario == index)
    bounds = Bounds.of(stage.probe)
    seen = see(probe_rows, bounds, stalls(history))
    assert stage.load is not None, "a rule of the drill"
    load = load_figures(rows, stage.load, list(history.plan.drill.target.requests), timeline.loads(), slow_s=stage.probe.slow)
    thresholds = _thresholds(history, stage.thresholds, rows, of_script(timeline))
    why = generator.reasons(timeline, rows, load, thresholds, suspended=checks.suspended(history))
    missed = (*generator.missed(thresholds), *generator.deaths(timeline))
    ruling, reasons = (Ruling.UNKNOWN, why) if why else (Ruling.FAIL, missed) if missed else (Ruling.PASS, ())
    return StageVerdict(
        stage=stage.stage,
        verdict=ruling,
        reasons=reasons,
        evidence=_evidence(history, timeline, probe_rows, seen, None, evidence_of(timeline), ()),
        budgets={},
        users=None,
        episodes=(),
        load=load,
        trends=trends(timeline),
        alarms=alarm_figures(timeline, _clients(rows, seen, bounds, history)),
        thresholds=thresholds,
        acts=costs(timeline, seen.punctual, rows, Bounds.of(stage.probe), _last_ns(timeline, seen)),
    )


def _clients(rows: Rows, seen: Seen, bounds: Bounds, history: History) -> Iterator[Seen]:
    """The users' own requests and the probe's; the users' only where somebody asks, for they may be ten million."""
    yield seen
    yield see(rows, bounds, stalls(history))


def _drill_stage(history: History, timeline: Timeline) -> StageVerdict:
    index = timeline.index
    bounds = Bounds.of(timeline.stage.probe)
    probe_rows = history.probe.where(history.probe.scenario == index)
    load_rows = history.load.where(history.load.scenario == index)
    seen = see(probe_rows, bounds, stalls(history))
    fold = _fold(timeline, seen, history.plan.planned.get(timeline.stage.stage, timeline.stage.planned_requests))
    scene = _scene(timeline, seen)
    episodes = fold.episodes if fold else ()
    measured = tuple(figures(scene, episode) for episode in episodes) if scene else ()
    evidence = evidence_of(timeline)
    base = fold.baseline if fold else None
    why = checks.reasons(
        checks.Finding(
            timeline, seen, base, scene, episodes, _edges(timeline, scene, episodes), evidence, checks.suspended(history)
        )
    )
    budgets = _held(timeline.stage, scene, episodes, measured)
    thresholds = _thresholds(history, timeline.stage.thresholds, load_rows, of_script(timeline))
    why = (*why, *generator.without_value(thresholds))
    ruling, reasons = _ruling(timeline.stage, why, (*budgets.missed, *generator.missed(thresholds)), episodes)
    load = users(load_rows, bounds, scene, timeline.baseline_begin_ns) if timeline.stage.load else None
    return StageVerdict(
        stage=timeline.stage.stage,
        verdict=ruling,
        reasons=reasons,
        evidence=_evidence(history, timeline, probe_rows, seen, base, evidence, measured),
        budgets=budgets.figures,
        users=load,
        episodes=measured,
        alarms=alarm_figures(timeline, (seen,)),
        thresholds=thresholds,
        acts=costs(timeline, seen.punctual, load_rows, bounds, _last_ns(timeline, seen)),
    )


def _held(stage: Stage, scene: Scene | None, episodes: Sequence[Episode], measured: Sequence[EpisodeVerdict]) -> Held:
    if scene is None:
        return hold(stage.within, measured, bad_seconds=0.0, watch_end_s=0.0)
    return hold(stage.within, measured, bad_seconds(scene, tuple(episodes)), seconds(scene.watch_end_ns))


def _ruling(
    stage: Stage, why: tuple[str, ...], missed: tuple[str, ...], episodes: Sequence[Episode]
) -> tuple[Ruling, tuple[str, ...]]:
    if why:
        return Ruling.UNKNOWN, why
    if episodes and not stage.fault:
        missed = ("an outage without a fault", *missed)
    return (Ruling.FAIL, missed) if missed else (Ruling.PASS, ())


def _fold(timeline: Timeline, seen: Seen, planned: int) -> LiveFold | None:
    """The live fold over the stored rows; None where the stage never got to its baseline or never left it."""
    if timeline.baseline_begin_ns is None or timeline.watched_from_ns is None:
        return None
    fold = LiveFold(timeline.stage.probe, planned, timeline.baseline_begin_ns)
    fold.injected(timeline.watched_from_ns)
    if timeline.acted_ns is not None:
        fold.acted(timeline.acted_ns)
    fold.load(seen.sights(), math.inf if seen.cut_due_ns is None else seen.cut_due_ns)
    return fold


def _scene(timeline: Timeline, seen: Seen) -> Scene | None:
    """None without an injection: then there is nothing that an episode could be measured from."""
    begin_ns, end_ns = timeline.inject_begin_ns, timeline.inject_end_ns
    if begin_ns is None:
        return None
    return Scene(timeline, seen.punctual, begin_ns, end_ns if end_ns is not None else begin_ns, _last_ns(timeline, seen))


def _last_ns(timeline: Timeline, seen: Seen) -> int:
    """Until when the stage was watched."""
    if timeline.end_ns is not None:
        return timeline.end_ns
    return int(seen.rows.due_ns.max(initial=timeline.inject_begin_ns or 0))


def _edges(timeline: Timeline, scene: Scene | None, episodes: Sequence[Episode]) -> tuple[int, ...]:
    """The instants that the verdict reports from the probe's rows or measures from; where it is censored, its last."""
    if scene is None:
        return ()
    edges = [timeline.inject_begin_ns, timeline.inject_end_ns, timeline.heal_begin_ns, timeline.heal_end_ns]
    for episode in episodes:
        end = recovered(scene, episode)
        edges += [episode.onset_ns, *((end.last_bad_ns + 1, end.good_ns) if end else (_given_up_ns(timeline, scene),))]
    return tuple(edge for edge in edges if edge is not None)


def _given_up_ns(timeline: Timeline, scene: Scene) -> int:
    """Where the budget ran out for an outage that nobody saw end."""
    if timeline.stage.until_recovered or timeline.heal_end_ns is None:
        return scene.recovery_by_ns
    return min(timeline.heal_end_ns + ns(timeline.stage.within.recover or 0.0), scene.recovery_by_ns)


def _evidence(
    history: History,
    timeline: Timeline,
    rows: Rows,
    seen: Seen,
    base: Baseline | None,
    evidence: Evidence,
    measured: Sequence[EpisodeVerdict],
) -> EvidenceFigures:
    fault = timeline.stage.fault
    return EvidenceFigures(
        fault=fault.name if fault else None,
        done=timeline.done(),
        landed=landed(evidence, bool(measured)).value if fault else None,
        counters=evidence.moved,
        counters_before=evidence.moved_before,
        measures=tuple(timeline.stage.measures),
        actions=tuple(event.action for event in timeline.actions()),
        planned=history.plan.planned.get(timeline.stage.stage, timeline.stage.planned_requests),
        alpha=ALPHA,
        baseline=_baseline(base) if base else None,
        probe=_probe(rows, seen),
    )


def _baseline(base: Baseline) -> BaselineFigures:
    return BaselineFigures(
        begin_s=seconds(base.begin_ns), end_s=seconds(base.end_ns), requests=base.requests, bad=base.bad, p0=base.p0
    )


def _probe(rows: Rows, seen: Seen) -> ProbeFigures:
    """Lag over every request that was started, late ones too."""
    lag_us = np.sort(seen.rows.start_us[seen.rows.start_us != NEVER])
    p50, p99, most = (_lag(lag_us, share) for share in (0.5, 0.99, 1.0))
    return ProbeFigures(
        requests=len(seen),
        late=int(seen.late.sum()),
        cut=seen.cut,
        lag_p50_s=p50,
        lag_p99_s=p99,
        lag_max_s=most,
        outcomes=outcomes(rows),
    )


def _lag(sorted_us: Column, share: float) -> float | None:
    """The smallest lag that ``share`` of the requests did not exceed."""
    return None if not len(sorted_us) else int(sorted_us[math.ceil(share * len(sorted_us)) - 1]) / 1e6
