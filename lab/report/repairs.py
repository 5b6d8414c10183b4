"""What was done about it: each decision and each action of a stage, with the process and the settings that came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lab.drill.model import Scalar
from lab.drill.units import format_scalar
from lab.history.model.events import ActionEvent, DecideEvent, Event, HoldEvent, TargetEvent
from lab.history.model.history import History
from lab.judge.timeline import GIVE_UP, Timeline
from lab.nanoseconds import NS_PER_S
from lab.report.line import ReportLine
from lab.report.quantities import duration, printable

NEVER_STARTED = TargetEvent(t_ns=0, state="ready")


def repairs(history: History, timeline: Timeline, zero_s: float) -> Iterator[ReportLine]:
    """In order. An action that was under way when the stage ended shows as far as it came."""
    decided = 0
    for event in timeline.events:
        at_s = event.t_ns / NS_PER_S - zero_s
        if isinstance(event, DecideEvent):
            yield _decision(timeline, event, at_s, again=decided > 0)
            decided += 1
        elif isinstance(event, HoldEvent) and event.waited_ns:
            waited = f"{event.owner} waited {duration(event.waited_ns / NS_PER_S)} for whoever had the target"
            yield ReportLine("waited", (waited,), at_s)
        elif isinstance(event, ActionEvent) and event.phase == "begin":
            yield from _action(history, timeline, event, zero_s)
        elif isinstance(event, ActionEvent) and not event.ok:
            why = printable(event.detail.partition("\n")[0])
            yield ReportLine("failed", (f"{event.action}{f': {why}' if why else ''}",), at_s)
        elif isinstance(event, ActionEvent) and event.detail:
            yield ReportLine("done", (f"{event.action}: {printable(event.detail.partition(chr(10))[0])}",), at_s)


def _decision(timeline: Timeline, event: DecideEvent, at_s: float, *, again: bool) -> ReportLine:
    if event.action == GIVE_UP:
        return ReportLine("gave up", (printable(event.reason),), at_s)
    if not event.action:
        return ReportLine("no action", (printable(event.reason),), at_s)
    raised = [alarm.t_ns for alarm in timeline.alarms() if alarm.alarm == event.alarm and alarm.t_ns <= event.t_ns]
    if again or not raised:
        return ReportLine("decided", (event.action + (" again" if again else ""), *_reason(event)), at_s)
    return ReportLine("decided", (f"{event.action}, {duration((event.t_ns - raised[-1]) / NS_PER_S)} after the alarm",), at_s)


def _reason(event: DecideEvent) -> Sequence[str]:
    return [printable(event.reason)] if event.reason else []


def _action(history: History, timeline: Timeline, begin: ActionEvent, zero_s: float) -> Iterator[ReportLine]:
    states = {event.state: event for event in reversed(_during(timeline, begin))}
    stopped, started, ready = states.get("stopped"), states.get("started"), states.get("ready")
    if stopped and not _was_dead(timeline, begin):
        later = f"started {duration((started.t_ns - stopped.t_ns) / NS_PER_S)} later" if started else "not started"
        yield ReportLine("stopped", (f"by the {begin.action}", later), stopped.t_ns / NS_PER_S - zero_s)
    elif started:
        yield ReportLine("started", (f"by the {begin.action}",), started.t_ns / NS_PER_S - zero_s)
    if ready:
        took = f"act→ready {duration((ready.t_ns - begin.t_ns) / NS_PER_S)}"
        before = _ready_before(history, begin.t_ns, begin)
        shown = _worth_showing(history, timeline, ready)
        changes = [_process(before, ready), *_settings(before.settings, ready.settings, shown)]
        yield ReportLine("ready", (took, ", ".join(part for part in changes if part)), ready.t_ns / NS_PER_S - zero_s)


def _was_dead(timeline: Timeline, begin: ActionEvent) -> bool:
    """The process had ended by itself: a restart then stops nothing."""
    before = [event.state for event in timeline.of(TargetEvent) if event.t_ns <= begin.t_ns]
    return "died" in before and "ready" not in before[len(before) - before[::-1].index("died") :]


def _during(timeline: Timeline, begin: ActionEvent) -> list[TargetEvent]:
    """The target's events from the action's begin to its end (the same instant may hold several: their order counts)."""
    after = _from(timeline.events, begin)
    last = next((i for i, event in enumerate(after) if isinstance(event, ActionEvent) and event.phase == "end"), len(after))
    return [event for event in after[:last] if isinstance(event, TargetEvent)]


def _from(events: Sequence[Event], begin: Event) -> Sequence[Event]:
    return events[next(i for i, event in enumerate(events) if event is begin) + 1 :]


def _ready_before(history: History, t_ns: int, begin: ActionEvent | None = None) -> TargetEvent:
    """How the target was last started before the instant (or the action, then); in an earlier stage, perhaps."""
    found = NEVER_STARTED
    for event in history.events:
        if event is begin or event.t_ns > t_ns:
            return found
        if isinstance(event, TargetEvent) and event.state == "ready":
            found = event
    return found


def _process(before: TargetEvent, ready: TargetEvent) -> str:
    if not ready.pid:
        return ""
    return f"pid {before.pid}→{ready.pid}" if before.pid else f"pid {ready.pid}"


def _worth_showing(history: History, timeline: Timeline, ready: TargetEvent) -> set[str]:
    """Settings that are not as they were before the fault, or that a measure is about."""
    healthy = _ready_before(history, timeline.inject_begin_ns or 0).settings
    changed = {name for name, value in ready.settings.items() if name in healthy and healthy[name] != value}
    return changed | set(timeline.stage.measure_settings)


def _settings(before: Mapping[str, Scalar], now: Mapping[str, Scalar], shown: set[str]) -> Iterator[str]:
    """In force from this start; a restart into the bad setting shows here, the second one too."""
    for name, value in now.items():
        if before.get(name, value) != value:
            yield f"{name} {format_scalar(before[name])}→{format_scalar(value)}"
        elif name in shown:
            yield f"{name} {format_scalar(value)}"
