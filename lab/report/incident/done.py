"""What was done about it, by whom or what, and the settings that came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.drill.model import Scalar
from lab.drill.units import format_scalar
from lab.history.model.events import ActionEvent, DecideEvent, TargetEvent
from lab.history.model.history import History
from lab.judge.timeline import GIVE_UP, Timeline
from lab.report.incident.instants import Instants
from lab.report.incident.model import Action, Setting


def actions(history: History, timeline: Timeline, instants: Instants) -> Iterator[Action]:
    """In order. An action without an end was under way when the stage ended."""
    events = list(timeline.of(ActionEvent))
    for index, begin in enumerate(events):
        if begin.phase == "begin":
            end = next((e for e in events[index + 1 :] if e.phase == "end" and e.action == begin.action), None)
            yield Action(
                action=begin.action,
                alarm=_alarm_of(timeline, begin),
                began=instants.at_ns(begin.t_ns),
                ended=instants.at_ns(end.t_ns) if end else None,
                ok=end is not None and end.ok,
                detail=(end.detail if end else "") or begin.detail,
                changes=tuple(_changes(history, timeline, begin, end)),
            )


def _alarm_of(timeline: Timeline, begin: ActionEvent) -> str:
    """The alarm of the last decision for this action before it; empty: nobody decided it, as far as was recorded."""
    found = [each for each in timeline.of(DecideEvent) if each.t_ns <= begin.t_ns and _means(each, begin)]
    return found[-1].alarm if found else ""


def _means(decided: DecideEvent, begin: ActionEvent) -> bool:
    """The action itself, or a step of the runbook that was decided on."""
    return begin.action == decided.action or begin.action.startswith(f"{decided.action} ")


def _changes(history: History, timeline: Timeline, begin: ActionEvent, end: ActionEvent | None) -> Iterator[Setting]:
    """Settings of the process that the action brought up which differ from those at the injection, and those of measures."""
    now = next((e.settings for e in timeline.of(TargetEvent) if _within(e, begin, end)), {})
    before = settings_at(history, timeline.inject_begin_ns or 0)
    for name, value in now.items():
        if before.get(name, value) != value:
            yield Setting(name=name, value=format_scalar(value), was=format_scalar(before[name]))
        elif name in timeline.stage.measure_settings:
            yield Setting(name=name, value=format_scalar(value))


def _within(event: TargetEvent, begin: ActionEvent, end: ActionEvent | None) -> bool:
    return event.state == "ready" and begin.t_ns <= event.t_ns and (end is None or event.t_ns <= end.t_ns)


def settings_at(history: History, t_ns: int) -> Mapping[str, Scalar]:
    """Those with which the target was last started before the instant; in an earlier stage, perhaps."""
    found = [event.settings for event in history.of(TargetEvent) if event.state == "ready" and event.t_ns <= t_ns]
    return found[-1] if found else {}


def gave_up(timeline: Timeline) -> str:
    """Why the responder stopped; empty: it did not."""
    return next((event.reason for event in timeline.of(DecideEvent) if event.action == GIVE_UP), "")
