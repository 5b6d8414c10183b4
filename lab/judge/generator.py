"""Was the load made that was asked for? And what a load test is held against. One reason, and the stage is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lab.drill.model import Stage
from lab.history.model.events import TargetEvent
from lab.history.model.rows import NEVER, Column, Outcome, Rows
from lab.judge import checks
from lab.judge.machine import cpu_pressure
from lab.judge.timeline import Timeline
from lab.judge.verdict import LoadFigures, ThresholdFigures

BUSY = 0.9
"""Of a core: beyond it a client measures its own queue (a closed loop is slowed, an open one is late)."""
BUSY_FROM_S = 5.0
"""A burst takes all of a core for a moment, and is none the worse for it."""
LITTLE = 0.5
"""Of a core: a generator that took no more had another one's work to wait for."""
PRESSED = 0.25
"""Of the time, somebody waiting for a CPU."""
DROPPED = 0.02
LATE = 0.02
LATE_US = 100_000
"""300 users at once take 25 to 60 ms to begin on two cores that they share with their target [M], and k6's 170 [M]: a burst
is spread, and its rows count from due. The probe is held to half of this: it is the instrument."""
LATE_OF_LENGTH = 0.001
"""What a load of a given length may begin late: ten minutes of users are the same 0.6 s later, a burst is none."""


def reasons(
    timeline: Timeline, rows: Rows, load: LoadFigures | None, thresholds: Sequence[ThresholdFigures], *, suspended: bool
) -> tuple[str, ...]:
    """Why a load test cannot be judged; empty: it can. Where it did not run to its end, only that is said."""
    if broken := tuple(dict.fromkeys([*checks.skipped(timeline), *checks.unfinished(timeline)])):
        return broken
    found = [
        *checks.loads(timeline, _most_late_ms(timeline.stage), _busy(timeline, load) if load else ""),
        *_made(timeline, rows, load),
        *without_value(thresholds),
    ]
    return tuple(dict.fromkeys([*found, *(["the machine was suspended"] if suspended else [])]))


def _most_late_ms(stage: Stage) -> float:
    """From the planned instant to its first user."""
    load = stage.load
    lasts = load is not None and load.executor not in ("shared-iterations", "per-vu-iterations")
    return max(LATE_US / 1e3, LATE_OF_LENGTH * stage.load_s * 1e3 if lasts else 0.0)


def _made(timeline: Timeline, rows: Rows, load: LoadFigures | None) -> Iterator[str]:
    if load is None:
        yield "the load sent nothing"
        return
    for kind, count in load.script_errors.items():
        yield f"the script raised {kind}, {count} times; the first tracebacks are in logs/load-{timeline.index}.log"
    late = int((_begun_us(rows) > LATE_US).sum())
    if late > LATE * len(rows):
        remedy = _busy(timeline, load) or "fewer users, or --shards 2"
        yield f"the generator was late: {late} of {len(rows)} requests by over {LATE_US // 1000} ms; {remedy}"
    if load.generator.cpu_share > BUSY and load.end_s - load.begin_s >= BUSY_FROM_S:
        yield f"the generator took {load.generator.cpu_share:.0%} of a core; fewer users, or --shards 2"
    if load.dropped > DROPPED * len(rows) and not _judges_drops(timeline.stage):
        what = (
            "iterations were never begun; a longer max_duration" if load.closed else "arrivals found no free user; more max_vus"
        )
        yield f"{load.dropped} of {len(rows)} {what}, or a threshold on dropped_iterations"


def _busy(timeline: Timeline, load: LoadFigures) -> str:
    """Who was late for want of a CPU and used little of it waited for others; with fewer users it would wait as well."""
    pressure = cpu_pressure(timeline) or 0.0
    if load.generator.cpu_share > LITTLE or pressure < PRESSED:
        return ""
    return f"the machine was busy (CPU pressure {pressure:.0%} of the time): run it again on an idle machine"


def _begun_us(rows: Rows) -> Column:
    """When each was sent on its way, or it was found that nobody was free to: after a stall of the generator both are late.

    Iterations of a closed loop that nobody came to begin are dropped at its end, which is when they are due.
    """
    begun = np.where(rows.outcome == Outcome.DROPPED, rows.end_us, rows.start_us)
    return np.asarray(np.where(begun == NEVER, 0, begun))


def _judges_drops(stage: Stage) -> bool:
    return any(selector.startswith("dropped_iterations") for selector in stage.thresholds)


def missed(thresholds: Sequence[ThresholdFigures]) -> tuple[str, ...]:
    return tuple(f"threshold {each.selector} {each.expression}: {_value(each)}" for each in thresholds if each.kept is False)


def without_value(thresholds: Sequence[ThresholdFigures]) -> tuple[str, ...]:
    """k6 passes over an empty metric; nothing passes here without evidence."""
    found = [(each, "check" if each.selector.startswith("checks") else "request") for each in thresholds if each.kept is None]
    return tuple(f"threshold {each.selector} {each.expression}: no {what} to hold against it" for each, what in found)


def _value(figures: ThresholdFigures) -> str:
    when = f" in the window that ended at {figures.at_s:g} s" if figures.at_s is not None else ""
    return f"{round(figures.value or 0.0, 4):g}{when}"


def deaths(timeline: Timeline) -> tuple[str, ...]:
    """Nobody broke it, and it ended."""
    return tuple(f"the target died: {event.detail}" for event in timeline.of(TargetEvent) if event.state == "died")
