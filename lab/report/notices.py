"""A run in progress as lines for a log: one for each event that a person would want to be told of."""

from __future__ import annotations

from lab.drill.model import RunPlan
from lab.history.model.events import (
    ActionEvent,
    AlarmEvent,
    BaselineEvent,
    DecideEvent,
    Event,
    FaultErrorEvent,
    HealEvent,
    HoldEvent,
    InjectEvent,
    LoadEvent,
    NoteEvent,
    RunEvent,
    StageEvent,
    StallEvent,
    SteadyEvent,
    TargetEvent,
)
from lab.nanoseconds import NS_PER_S
from lab.report.progress import alarm_text
from lab.report.quantities import duration, printable


def notice(plan: RunPlan, event: Event) -> str:
    """The line that a log gets: seconds since the start, then what happened. Empty when it is not worth one."""
    text = _text(plan, event)
    return f"{event.t_ns / NS_PER_S:9.3f} s  {printable(text.partition(chr(10))[0])}" if text else ""


def _text(plan: RunPlan, event: Event) -> str:
    match event:
        case RunEvent(phase="end"):
            return f"run over: {event.reason}"
        case StageEvent():
            return _stage_text(plan, event)
        case TargetEvent():
            return _target_text(event)
        case LoadEvent(phase="end") if event.exit:
            return f"load died: {event.detail}"
        case LoadEvent() if event.shard == 0 and _is_load_test(plan, event.stage):
            return "load begins" if event.phase == "begin" else "load over"
        case BaselineEvent(phase="begin"):
            return "baseline"
        case InjectEvent(phase="end"):
            return f"injected {event.fault}: {event.done}"
        case HealEvent(phase="end"):
            return f"healed ({event.reason})"
    return _response_text(event)


def _response_text(event: Event) -> str:
    match event:
        case AlarmEvent(phase="begin"):
            return f"alarm: {alarm_text(event)}"
        case AlarmEvent(phase="end"):
            return f"alarm over: {event.alarm}"
        case DecideEvent():
            return f"decided: {event.action or 'nothing'}{f' ({event.reason})' if event.reason else ''}"
        case ActionEvent(phase="end"):
            return f"{event.action} {'done' if event.ok else 'failed'}{f': {event.detail}' if event.detail else ''}"
        case HoldEvent(phase="begin", waited_ns=waited_ns) if waited_ns:
            return f"{event.owner} has the target, after {duration(waited_ns / NS_PER_S)} of waiting"
        case SteadyEvent():
            return "recovery confirmed"
        case FaultErrorEvent():
            return f"fault {event.fault} failed, {event.during}: {event.error}"
        case StallEvent():
            return f"the probe stood still for {duration(event.lasted_ns / NS_PER_S)}"
        case NoteEvent():
            return f"note: {event.text}"
    return ""


def _stage_text(plan: RunPlan, event: StageEvent) -> str:
    names = [stage.stage for stage in plan.drill.stages]
    number = f"{names.index(event.stage) + 1}/{len(names)} " if event.stage in names else ""
    if event.phase == "end":
        return f"stage {event.stage} broke off: {event.error}" if event.error else ""
    rest_s = next((stage.rest for stage in plan.drill.stages if stage.stage == event.stage), 0.0)
    why = f", skipped: {event.skipped}" if event.skipped else f", after {duration(rest_s)} of rest" if rest_s else ""
    return f"stage {number}{event.stage}{why}"


def _is_load_test(plan: RunPlan, name: str) -> bool:
    return any(stage.stage == name and stage.is_load_test for stage in plan.drill.stages)


def _target_text(event: TargetEvent) -> str:
    if event.state == "ready":
        return f"target ready{f' (pid {event.pid})' if event.pid else ''}"
    if event.state in ("died", "failed"):
        return f"target {event.state}{f': {event.detail}' if event.detail else ''}"
    return ""
