"""The timeline of an incident: everything that was done, noticed or broke, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.history.model.events import (
    ActionEvent,
    AlarmEvent,
    DecideEvent,
    Event,
    FaultErrorEvent,
    HealEvent,
    InjectEvent,
    NoteEvent,
    SteadyEvent,
    TargetEvent,
)
from lab.history.model.history import History
from lab.judge.timeline import GIVE_UP, Timeline
from lab.judge.verdict import EpisodeVerdict
from lab.report.incident.instants import Instants
from lab.report.incident.model import Entry

TARGET_STATES = ("died", "failed", "stopped", "started", "ready")


def story(history: History, timeline: Timeline, episodes: Sequence[EpisodeVerdict], instants: Instants) -> tuple[Entry, ...]:
    """From the injection on. Equal instants keep the order of their events."""
    own = [event for event in timeline.events if not isinstance(event, NoteEvent)]
    events = [event for event in (*own, *notes(history, timeline)) if event.t_ns >= instants.zero_ns]
    told = [*(entry for event in events for entry in entries(event, instants)), *_outages(episodes, instants)]
    return tuple(sorted(told, key=lambda entry: entry.at.wall))


def notes(history: History, timeline: Timeline) -> list[NoteEvent]:
    """Those of the stage; a note that names none belongs to the stage that ran then."""
    begin_ns, end_ns = min((event.t_ns for event in timeline.stage_events()), default=0), timeline.end_ns
    unnamed = [note for note in history.of(NoteEvent, "") if begin_ns <= note.t_ns and (end_ns is None or note.t_ns <= end_ns)]
    return sorted([*timeline.of(NoteEvent), *unnamed], key=lambda note: note.t_ns)


def entries(event: Event, instants: Instants) -> Iterator[Entry]:
    """The line of one event, if it is worth one."""
    said = _said(event)
    if said:
        kind, what, detail = said
        yield Entry(at=instants.at_ns(event.t_ns), kind=kind, what=what, detail=detail)


def _said(event: Event) -> tuple[str, str, str] | None:
    match event:
        case InjectEvent():
            return ("inject" if event.phase == "begin" else "injected", event.fault, event.done)
        case AlarmEvent():
            return ("alarm" if event.phase == "begin" else "alarm over", event.alarm, event.text)
        case DecideEvent(action=action) if action == GIVE_UP:
            return ("gave up", event.alarm, event.reason)
        case DecideEvent():
            return ("decided" if event.action else "no action", event.action or event.alarm, event.reason)
        case ActionEvent(phase="begin"):
            return ("action", event.action, event.detail)
        case ActionEvent():
            return ("action done" if event.ok else "action failed", event.action, event.detail)
        case TargetEvent(state=state) if state in TARGET_STATES:
            return (f"target {state}", f"pid {event.pid}" if event.pid else "", event.detail)
        case HealEvent():
            return ("heal" if event.phase == "begin" else "healed", event.reason, "")
        case SteadyEvent():
            return ("steady", "", "")
        case FaultErrorEvent():
            return (f"fault error {event.during}", event.fault, event.error)
        case NoteEvent():
            return ("note", "", event.text)
    return None


def _outages(episodes: Sequence[EpisodeVerdict], instants: Instants) -> Iterator[Entry]:
    """What the judge found in the requests themselves."""
    for episode in episodes:
        kind = "relapse" if episode.relapse else "broken by action" if episode.caused_by == "action" else "bad"
        hit = " + ".join(name for name in episode.affected if name != "all")
        yield Entry(at=instants.at(episode.onset_s), kind=kind, what=hit)
        yield Entry(at=instants.at(episode.visible_s), kind="visible", what=f"{episode.visible_requests}")
        if episode.recovered_s is None:
            yield Entry(at=instants.at(episode.watched_to_s), kind="not recovered")
        else:
            yield Entry(at=instants.at(episode.recovered_s), kind="recovered")
