"""Which alarm rule told first, and by how much each led or lagged the first bad request that a client saw."""

from __future__ import annotations

from collections.abc import Iterable

from lab.judge.known import Seen
from lab.judge.timeline import Timeline
from lab.judge.times import between, seconds_or_none
from lab.judge.verdict import AlarmFigures


def alarm_figures(timeline: Timeline, seen: Iterable[Seen]) -> tuple[AlarmFigures, ...]:
    """Of each rule of the stage its first alarm, earliest first; those that told nothing come last, as the drill has them.

    From the injection on, where there is one; else over the whole stage. ``seen``: the requests that count.
    """
    from_ns = timeline.inject_begin_ns or 0
    raised = [event for event in timeline.alarms() if event.t_ns >= from_ns]
    bad_ns = _first_bad_ns(seen, from_ns) if raised else None
    first = {event.alarm: event for event in reversed(raised)}
    names = dict.fromkeys([*(event.alarm for event in raised), *(timeline.stage.alarm.names if timeline.stage.alarm else ())])
    return tuple(
        AlarmFigures(
            alarm=name,
            text=first[name].text if name in first else "",
            raised=sum(event.alarm == name for event in raised),
            raised_s=seconds_or_none(first[name].t_ns if name in first else None),
            lead_s=between(first[name].t_ns if name in first else None, bad_ns),
        )
        for name in names
    )


def _first_bad_ns(seen: Iterable[Seen], from_ns: int) -> int | None:
    """When the earliest known of the punctual bad requests was known."""
    known = [each.known_ns[each.bad & ~each.late & (each.known_ns >= from_ns)] for each in seen]
    return min((int(each.min()) for each in known if len(each)), default=None)
