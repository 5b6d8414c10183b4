"""The story of a stage in the order in which it happened, relative to the injection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.history.model.events import HealEvent, TargetEvent
from lab.history.model.history import History
from lab.judge.known import ALL
from lab.judge.timeline import Timeline
from lab.judge.verdict import EpisodeVerdict, EvidenceFigures, StageVerdict
from lab.nanoseconds import NS_PER_S
from lab.report.costs import costs
from lab.report.figures import first_episode
from lab.report.line import ReportLine
from lab.report.outage import alarms, detected, ended, other, visible
from lab.report.quantities import count, printable, share
from lab.report.repairs import repairs

HEALED = {
    "planned": "by the lab, as planned",
    "recovered": "by the lab, once it had recovered",
    "deadline": "by the lab, at the deadline: no recovery after this counts",
    "interrupted": "by the lab, at the interruption",
}


def marks(history: History, timeline: Timeline, verdict: StageVerdict) -> tuple[ReportLine, ...]:
    """Every mark of the stage; empty where nothing was injected. What has no instant comes last."""
    if timeline.inject_begin_ns is None:
        return ()
    zero_s = timeline.inject_begin_ns / NS_PER_S
    first = first_episode(verdict)
    found = [
        _injected(verdict, first),
        *_deaths(timeline, zero_s),
        *([visible(first, verdict.evidence, zero_s), detected(timeline, first, zero_s)] if first else []),
        *repairs(history, timeline, zero_s),
        *costs(verdict.acts, zero_s),
        *([ended(timeline.stage, first, verdict.users, zero_s)] if first else []),
        *(other(episode, verdict.evidence, zero_s) for episode in verdict.episodes if episode is not first),
        *_healed(timeline, zero_s),
    ]
    if first is None:
        found += alarms(timeline, zero_s)
        watched = "" if timeline.end_ns is not None else ", as far as it was watched"
        found.append(ReportLine("not visible", (f"no outage became visible{watched}",)))
    return tuple(sorted(found, key=lambda mark: (mark.at_s is None, mark.at_s or 0.0)))


def _injected(verdict: StageVerdict, first: EpisodeVerdict | None) -> ReportLine:
    fault, done = verdict.evidence.fault or "", printable(verdict.evidence.done)
    if not done:
        done = f"{fault}: nothing was read back"
    elif fault not in done:
        done = f"{fault}: {done}"
    return ReportLine("injected", (done, _landed(verdict.evidence), *([_classes(first)] if first else [])), 0.0)


def _landed(evidence: EvidenceFigures) -> str:
    if evidence.landed == "not known":
        return "landed: not known, no counter was read after it"
    moved = evidence.counters
    shown = {name: by for name, by in moved.items() if by} or moved
    counters = ", ".join(_counter(name, by, evidence.counters_before) for name, by in shown.items()) or "no counter was read"
    return {"yes": "landed", "in part": "landed in part"}.get(evidence.landed or "", "not landed") + f": {counters}"


def _counter(name: str, by: int, before: Mapping[str, int]) -> str:
    earlier = before.get(name, 0)
    return f"{name} +{count(by)}" + (f" (+{count(earlier)} in the baseline)" if earlier else "")


def _classes(episode: EpisodeVerdict) -> str:
    """``fresh 81 % bad, kept 0 % bad``, over the whole outage."""
    known = {name: figures.bad_share for name, figures in episode.classes.items() if name != ALL}
    return ", ".join(f"{name} {share(part)} bad" for name, part in known.items() if part is not None)


def _deaths(timeline: Timeline, zero_s: float) -> Iterator[ReportLine]:
    for event in timeline.of(TargetEvent):
        if event.state == "died" and event.t_ns / NS_PER_S >= zero_s:
            how = printable(event.detail)
            yield ReportLine("died", (f"the target's process ended{f': {how}' if how else ''}",), event.t_ns / NS_PER_S - zero_s)


def _healed(timeline: Timeline, zero_s: float) -> Iterator[ReportLine]:
    for event in timeline.of(HealEvent):
        if event.phase == "end":
            yield ReportLine("healed", (HEALED.get(event.reason, event.reason or "by the lab"),), event.t_ns / NS_PER_S - zero_s)
