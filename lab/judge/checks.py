"""Is the measurement valid? Each check returns why not; one reason makes the stage unknown, never a pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lab.drill.model import SHORTEST_BASELINE_S
from lab.history.model.events import RunEvent, SensorEvent
from lab.history.model.history import History
from lab.history.model.rows import Column
from lab.judge.baseline import Baseline
from lab.judge.figures import Scene
from lab.judge.known import LATE_NS, Seen
from lab.judge.landed import UNLANDED, Evidence, landed
from lab.judge.outages import Episode
from lab.judge.timeline import Timeline
from lab.judge.times import ns
from lab.nanoseconds import NS_PER_S

LATE_SHARE = 0.02
GAP_NS = NS_PER_S // 10
SUSPENDED_S = 0.05
LATE_MS = LATE_NS / 1e6
TOLERANCE_NS = LATE_NS
"""A baseline is not too short for the few ms that an event is written late."""

Reasons = Iterator[str]


@dataclass(frozen=True, eq=False)
class Finding:
    """All that the checks of a stage look at; ``scene`` and ``baseline`` are None where the stage did not get that far."""

    timeline: Timeline
    seen: Seen
    baseline: Baseline | None
    scene: Scene | None
    episodes: tuple[Episode, ...]
    edges_ns: tuple[int, ...]
    evidence: Evidence
    suspended: bool


def run_reasons(history: History) -> list[str]:
    """What is wrong with the whole run; an interruption is not among it."""
    ends = [event for event in history.of(RunEvent) if event.phase == "end"]
    if not ends:
        return ["no end was recorded: the lab was killed, or its machine stopped"]
    return [] if ends[-1].reason in ("complete", "interrupted") else [ends[-1].reason]


def interrupted(history: History) -> bool:
    return any(event.phase == "end" and event.reason == "interrupted" for event in history.of(RunEvent))


def suspended(history: History) -> bool:
    """The difference between CLOCK_BOOTTIME and CLOCK_MONOTONIC moved."""
    found = [event.readings["suspended_s"] for event in history.of(SensorEvent) if "suspended_s" in event.readings]
    return bool(found) and max(found) - min(found) > SUSPENDED_S


def reasons(finding: Finding) -> tuple[str, ...]:
    """Why the stage cannot be judged; empty: it can. Where it did not run to its end, only that is said."""
    timeline = finding.timeline
    broken = tuple(dict.fromkeys([*skipped(timeline), *unfinished(timeline), *fault_errors(finding)]))
    if broken:
        return broken
    rest = (injection, _loads, probe, baseline, too_early, landing, lateness, gaps, suspension)
    return tuple(dict.fromkeys(reason for check in rest for reason in check(finding)))


def skipped(timeline: Timeline) -> Reasons:
    for event in timeline.stage_events():
        if event.skipped:
            yield f"skipped: {event.skipped}"


def unfinished(timeline: Timeline) -> Reasons:
    events = timeline.stage_events()
    if not events:
        yield "the stage did not run"
    for event in events:
        if event.error:
            yield event.error
    if events and timeline.end_ns is None:
        yield "the stage did not end"


def fault_errors(finding: Finding) -> Reasons:
    for event in finding.timeline.fault_errors():
        yield f"fault {event.fault}, {event.during}: {event.error}"


def injection(finding: Finding) -> Reasons:
    timeline = finding.timeline
    if timeline.stage.fault and timeline.inject_end_ns is None:
        yield "the fault was not injected"
    elif timeline.stage.fault and timeline.heal_end_ns is None:
        yield "the fault was not healed"


def _loads(finding: Finding) -> Reasons:
    yield from loads(finding.timeline)


def loads(timeline: Timeline, most_late_ms: float = LATE_MS, remedy: str = "") -> Reasons:
    events = timeline.loads()
    if timeline.stage.load and not any(event.phase == "begin" for event in events):
        yield "the load did not start"
    late_ms = max([*(event.late_ms for event in events), *((e.t_ns - e.planned_ns) / 1e6 for e in events if e.phase == "begin")],
                  default=0.0)  # fmt: skip
    if late_ms > most_late_ms:
        yield f"the load started {late_ms:.0f} ms late" + (f"; {remedy}" if remedy else "")
    for event in events:
        if event.phase == "end" and event.exit != 0:
            yield f"the load died: {event.detail or f'exit {event.exit}'}"


def probe(finding: Finding) -> Reasons:
    if not len(finding.seen.punctual):
        yield "the probe measured nothing"


def baseline(finding: Finding) -> Reasons:
    found = finding.baseline
    if found is None:
        yield "no baseline"
    elif found.end_ns - found.begin_ns < ns(SHORTEST_BASELINE_S) - TOLERANCE_NS:
        yield f"baseline too short: {max(0, found.end_ns - found.begin_ns) / NS_PER_S:.1f} s, at least {SHORTEST_BASELINE_S:g} s"
    elif not found.steady:
        yield f"baseline not steady: {found.bad} of {found.requests} bad, p0 {found.p0:.1%}"


def too_early(finding: Finding) -> Reasons:
    """Something was wrong before the fault came."""
    begin_ns = finding.timeline.inject_begin_ns
    if begin_ns is None:
        return
    if any(finding.timeline.before_injection(episode.visible_ns) for episode in finding.episodes):
        yield "an outage before the injection"
    if any(alarm.t_ns < begin_ns for alarm in finding.timeline.alarms()):
        yield "an alarm before the injection"


def landing(finding: Finding) -> Reasons:
    if finding.scene is None or not finding.timeline.stage.fault:
        return
    if why := UNLANDED.get(landed(finding.evidence, bool(finding.episodes))):
        yield why


def lateness(finding: Finding) -> Reasons:
    late, total = int(finding.seen.late.sum()), len(finding.seen)
    if total and late > LATE_SHARE * total:
        yield f"the probe was late: {late} of {total} requests"


def gaps(finding: Finding) -> Reasons:
    """An instant that is reported must lie between two punctual requests at most 100 ms apart."""
    due_ns = finding.seen.punctual.rows.due_ns
    allowed_ns = max(GAP_NS, round(2 * NS_PER_S / finding.timeline.stage.probe.rate))  # a slow probe has a coarse resolution
    for edge_ns in sorted(finding.edges_ns):
        gap_ns = _gap_at(due_ns, edge_ns, finding.timeline.end_ns or edge_ns)
        if gap_ns > allowed_ns:
            yield f"no punctual request for {gap_ns / 1e6:.0f} ms at a reported instant"
            return


def _gap_at(due_ns: Column, edge_ns: int, end_ns: int) -> int:
    """Width of the gap that an instant lies in; on a request: of the one before it, which bounds how well it is known."""
    at = int(np.searchsorted(due_ns, edge_ns))
    before = int(due_ns[at - 1]) if at else 0
    after = int(due_ns[at]) if at < len(due_ns) else max(end_ns, edge_ns)
    return after - before


def suspension(finding: Finding) -> Reasons:
    if finding.suspended:
        yield "the machine was suspended"
