"""Literal histories in one-line pieces, for any test: times are seconds since the run's start.

rows = [*stream(0.5, 5.5), *stream(5.5, 6.1, fresh=reset), *stream(6.1, 12)]
history = run(rows, [*baseline(0.5, 5.5), *inject(5.5), *counted(5.6, deaths=1), *heal(8.5)], end=12)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.drill.model import Budgets, Check, Drill, FaultCall, Request, RunPlan, Stage, Target
from lab.history.model.events import (
    ActionEvent,
    AlarmEvent,
    BaselineEvent,
    DecideEvent,
    Event,
    HealEvent,
    InjectEvent,
    LandedEvent,
    RunEvent,
    StageEvent,
    StallEvent,
    TargetEvent,
)
from lab.history.model.history import History
from lab.history.model.ledger import Ledger, Stored
from lab.history.model.rows import NEVER, Outcome, Row, Rows, Via

FRESH, KEPT, REOPENED = Via.FRESH, Via.KEPT, Via.REOPENED
STAGE = "wire"
Make = Callable[..., Row]
SENT = {"connected_us": 100, "sent_us": 150}


def ns(seconds: float) -> int:
    return round(seconds * 1_000_000_000)


def us(seconds: float) -> int:
    return round(seconds * 1_000_000)


# Rows ---------------------------------------------------------------------------------------------------------------


def ok(due: float, *, via: Via = FRESH, took: float = 0.005, **more: Any) -> Row:
    """Answered 200 after ``took``."""
    return row(due, took, Outcome.OK, via, **{"status": 200, **SENT, "first_byte_us": us(took), **more})


def reset(due: float, *, via: Via = FRESH, took: float = 0.001, **more: Any) -> Row:
    """Connected, sent, then a RST."""
    return row(due, took, Outcome.RESET, via, **{**SENT, **more})


def refused(due: float, *, via: Via = FRESH, took: float = 0.0002, **more: Any) -> Row:
    return row(due, took, Outcome.CONNECT_REFUSED, via, **more)


def unconnected(due: float, *, via: Via = FRESH, took: float = 0.25, **more: Any) -> Row:
    """Its SYN was dropped; given up at the probe's ``connect``."""
    return row(due, took, Outcome.CONNECT_TIMEOUT, via, **more)


def hang(due: float, *, via: Via = FRESH, took: float = 1.0, **more: Any) -> Row:
    """Sent, and never answered; given up at the probe's ``slow``."""
    return row(due, took, Outcome.TIMEOUT, via, **{**SENT, **more})


def failed(due: float, *, via: Via = FRESH, took: float = 0.005, **more: Any) -> Row:
    """Answered 500."""
    return row(due, took, Outcome.BAD_STATUS, via, **{"status": 500, **SENT, **more})


def dropped(due: float, *, via: Via = FRESH, **more: Any) -> Row:
    """The generator had no free slot for it."""
    return row(due, 0.0, Outcome.DROPPED, via, **{"start_us": NEVER, **more})


def late(due: float, *, via: Via = FRESH, by: float = 0.06, **more: Any) -> Row:
    """The probe sent it ``by`` after it was due, and it failed."""
    return reset(due, via=via, took=by + 0.001, start_us=us(by), **more)


def cut(due: float, *, via: Via = FRESH, took: float = 0.01, **more: Any) -> Row:
    """In flight when the run ended."""
    return row(due, took, Outcome.CUT, via, **{**SENT, **more})


def row(due: float, took: float, outcome: Outcome, via: Via, **more: Any) -> Row:
    return Row(**{"due_ns": ns(due), "start_us": 0, "end_us": us(took), "outcome": outcome, "via": via, **more})


def stream(begin: float, end: float, *, fresh: Make = ok, kept: Make = ok, rate: float = 100.0) -> list[Row]:
    """The probe from ``begin`` to before ``end``: fresh and kept in turn, a request due on each multiple of 1/rate."""
    first, last = round(begin * rate), round(end * rate)
    return [kept(i / rate, via=KEPT) if i % 2 else fresh(i / rate, via=FRESH) for i in range(first, last)]


def of_load(rows: Iterable[Row], first_key: int = 100_000) -> list[Row]:
    """The same rows as a load's, with keys of their own."""
    return [replace(row, key=first_key + i) for i, row in enumerate(rows)]


# Events -------------------------------------------------------------------------------------------------------------


def baseline(begin: float, end: float, before: Mapping[str, int] | None = None, **counters: int) -> list[Event]:
    """``counters`` stand at its end, ``before`` at its begin (the same, unless given)."""
    began = counters if before is None else before
    return [
        BaselineEvent(t_ns=ns(begin), stage=STAGE, phase="begin", counters=began),
        BaselineEvent(t_ns=ns(end), stage=STAGE, phase="end", counters=counters),
    ]


def inject(begin: float, end: float | None = None, fault: str = "crash", done: str = "done") -> list[Event]:
    return [
        InjectEvent(t_ns=ns(begin), stage=STAGE, phase="begin", fault=fault),
        InjectEvent(t_ns=ns(begin + 0.001 if end is None else end), stage=STAGE, phase="end", fault=fault, done=done),
    ]


def counted(at: float, **counters: int) -> list[Event]:
    """The fault's counters while it stands."""
    return [LandedEvent(t_ns=ns(at), stage=STAGE, counters=counters)]


def heal(begin: float, end: float | None = None, reason: str = "planned") -> list[Event]:
    return [
        HealEvent(t_ns=ns(begin), stage=STAGE, phase="begin", reason=reason),
        HealEvent(t_ns=ns(begin + 0.001 if end is None else end), stage=STAGE, phase="end", reason=reason),
    ]


def alarm(at: float, name: str = "errors") -> list[Event]:
    return [AlarmEvent(t_ns=ns(at), stage=STAGE, phase="begin", alarm=name)]


def restart(decided: float, ready: float, pid: int = 31) -> list[Event]:
    """Decided, begun 1 ms later, stopped 10 ms after that, started another 20 ms later, ``ready`` at last."""
    return [
        DecideEvent(t_ns=ns(decided), stage=STAGE, alarm="errors", action="restart"),
        ActionEvent(t_ns=ns(decided + 0.001), stage=STAGE, phase="begin", action="restart"),
        TargetEvent(t_ns=ns(decided + 0.011), stage=STAGE, state="stopped"),
        TargetEvent(t_ns=ns(decided + 0.031), stage=STAGE, state="started", pid=pid),
        TargetEvent(t_ns=ns(ready), stage=STAGE, state="ready", pid=pid),
        ActionEvent(t_ns=ns(ready), stage=STAGE, phase="end", action="restart"),
    ]


def stall(begin: float, lasted: float) -> list[Event]:
    return [StallEvent(t_ns=ns(begin), stage=STAGE, lasted_ns=ns(lasted))]


# Runs ---------------------------------------------------------------------------------------------------------------

REQUESTS = {"coupon": Request(post="/coupons/1/issue", expect=(200, 400)), "order": Request(post="/orders", expect=(200, 400))}
ORDER = 1
"""Index of ``order`` among the requests."""


def stage(**more: Any) -> Stage:
    """A stage with the ``crash`` fault for 3 s, to be detected and recovered from within 1 s; ``more`` wins."""
    fields = {"stage": STAGE, "fault": FaultCall("crash"), "lasts": 3.0, "within": Budgets(detect=1.0, recover=1.0)}
    return Stage(**{**fields, **more})


def plan(*stages: Stage, checks: tuple[Check, ...] = ()) -> RunPlan:
    drill = Drill(drill="literal", target=Target(use="coupon-order", requests=REQUESTS), checks=checks, stages=stages)
    planned = {each.stage: each.planned_requests for each in stages}
    return RunPlan(drill=drill, runtime="fake", seed=7, t0_ns=0, epoch_ns=0, planned=planned, lab="test")


def run(
    rows: Iterable[Row],
    events: Iterable[Event],
    *,
    end: float,
    begin: float = 0.0,
    of: Stage | None = None,
    load: Sequence[Row] = (),
    checks: tuple[Check, ...] = (),
    ledger: Ledger | None = None,
    reason: str = "complete",
) -> History:
    """A run of one stage that began and ended properly; its probe asks for orders, each under its own key."""
    asked = [replace(row, request=ORDER, key=row.key or i + 1) for i, row in enumerate(rows)]
    around: list[Event] = [
        RunEvent(t_ns=ns(begin), phase="begin"),
        StageEvent(t_ns=ns(begin), stage=STAGE, phase="begin"),
        *events,
        StageEvent(t_ns=ns(end), stage=STAGE, phase="end"),
        RunEvent(t_ns=ns(end), phase="end", reason=reason),
    ]
    ordered = tuple(sorted(around, key=lambda event: event.t_ns))
    return History(plan(of or stage(), checks=checks), ordered, Rows.of(asked), Rows.of(load), ledger)


def stored(rows: Iterable[Row], request: str = "order", limits: Mapping[str, int] | None = None) -> Ledger:
    """A ledger that holds what these rows were told."""
    kept = tuple(Stored(request, int(row.key)) for row in rows if row.status == 200)
    return Ledger(kept, limits or {"coupon": 10})


def crash(
    *, bad_s: float = 0.5, make: Make = refused, at: float = 5.5, end: float = 15.0, detected: float = 0.3, **more: Any
) -> History:
    """Everything on time: baseline from 0.5, both classes bad for ``bad_s`` after the fault came at ``at`` and was
    detected, healed 3 s later; ``more`` goes to :func:`run`, extra ``events`` are added."""
    rows = [*stream(0.5, at), *stream(at, at + bad_s, fresh=make, kept=make), *stream(at + bad_s, end)]
    events = [*baseline(0.5, at, deaths=0), *inject(at), *counted(at + 0.1, deaths=1), *alarm(at + detected), *heal(at + 3)]
    return run(rows, [*events, *more.pop("events", [])], **{"end": end, **more})
