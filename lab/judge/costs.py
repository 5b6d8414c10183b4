"""What was bad while an action of the responder was under way: the requests due from its begin until it was done. Pure.

All of them: what the outage would have cost in that time anyway is among them, and cannot be told apart from within one run.
Beside a run without the measure (``--without``) the difference can be.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.history.model.events import ActionEvent, TargetEvent
from lab.history.model.rows import Rows
from lab.judge.known import FRESH, KEPT, Bounds, Seen, see
from lab.judge.timeline import Timeline
from lab.judge.times import seconds
from lab.judge.verdict import ActionFigures, CostFigures


def costs(timeline: Timeline, probe: Seen, load: Rows, bounds: Bounds, watch_end_ns: int) -> tuple[ActionFigures, ...]:
    """One for each action, in order. ``probe``: its punctual requests; the users' are held against the same bounds."""
    return tuple(
        ActionFigures(
            action=begin.action,
            ok=end is None or end.ok,
            begin_s=seconds(begin.t_ns),
            until_s=seconds(until_ns),
            until="ready" if ready else "done" if end else "watched",
            probe=_cost(probe.due_in(begin.t_ns, until_ns)),
            users=_cost(see(load.where((load.due_ns >= begin.t_ns) & (load.due_ns < until_ns)), bounds)),
        )
        for begin, ready, end in _actions(timeline)
        for until_ns in [(ready or end).t_ns if ready or end else watch_end_ns]  # type: ignore[union-attr]  # one is there
    )


def _actions(timeline: Timeline) -> Iterator[tuple[ActionEvent, TargetEvent | None, ActionEvent | None]]:
    """Each with the target's first good health answer in it, and its end; one is under way at a time."""
    begin: ActionEvent | None = None
    ready: TargetEvent | None = None
    for event in timeline.events:
        if isinstance(event, ActionEvent) and event.phase == "begin":
            begin, ready = event, None
        elif isinstance(event, TargetEvent) and event.state == "ready":
            ready = ready or event
        elif isinstance(event, ActionEvent) and begin is not None:
            yield begin, ready, event
            begin = None
    if begin is not None:
        yield begin, ready, None


def _cost(seen: Seen) -> CostFigures:
    return CostFigures(
        requests=len(seen),
        bad=int(seen.bad.sum()),
        fresh_bad=int(seen.of_class(FRESH).bad.sum()),
        kept_bad=int(seen.of_class(KEPT).bad.sum()),
    )
