"""The chain of an episode: fault → visible → detected → decided → acted → stopped → started → ready → recovered."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from lab.judge.timeline import Timeline
from lab.judge.times import seconds
from lab.judge.verdict import Span

MARKS = ("fault", "visible", "detected", "decided", "acted", "stopped", "started", "ready", "recovered")

Marks = Mapping[str, int | None]


def repair_marks(timeline: Timeline, detected_ns: int | None) -> dict[str, int | None]:
    """What was done about it, each mark the first at or after the one before; all None where nobody acted."""
    decided_ns = None if detected_ns is None else timeline.decided_ns(detected_ns)
    acted_ns = timeline.acted_ns
    stopped_ns = None if acted_ns is None else timeline.target_ns("stopped", acted_ns)
    started_ns = None if acted_ns is None else timeline.target_ns("started", stopped_ns or acted_ns)
    ready_ns = None if started_ns is None else timeline.target_ns("ready", started_ns)
    return {"decided": decided_ns, "acted": acted_ns, "stopped": stopped_ns, "started": started_ns, "ready": ready_ns}


def spans(marks: Marks) -> tuple[Span, ...]:
    """One span between each two neighbours among the marks that came."""
    came = [(name, t_ns) for name in MARKS if (t_ns := marks.get(name)) is not None]
    return tuple(
        Span(begin=begin, end=end, begin_s=seconds(a), end_s=seconds(b), duration_s=seconds(b - a))
        for (begin, a), (end, b) in pairwise(came)
    )
