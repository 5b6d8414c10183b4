"""Bad, known, late: row by row and column by column."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.drill.model import Probe
from lab.history.model.rows import NEVER, Outcome, Row, Rows
from lab.judge.known import Bounds, Stall, classes_of, is_late, see, sight
from tests.histories import FRESH, KEPT, REOPENED, cut, dropped, failed, hang, late, ns, ok, refused, reset, unconnected

BOUNDS = Bounds.of(Probe())

TABLE = [
    # what, row, bad, known after (s)
    ("an answer in time is good, and known when it is whole", ok(1.0, took=0.02), False, 0.02),
    ("a reset is bad at once", reset(1.0, took=0.01), True, 0.01),
    ("a refusal is bad at once", refused(1.0), True, 0.0002),
    ("a status that nobody expects is bad", failed(1.0), True, 0.005),
    ("a new connection that is not up by connect is bad then", unconnected(1.0, took=0.26), True, 0.25),
    ("so is one that comes up later and is answered well", replace(ok(1.0, took=0.4), connected_us=300_000), True, 0.25),
    ("a kept connection is connected from the start", ok(1.0, via=KEPT, took=0.4), False, 0.4),
    ("a kept one without a stamp of it, too", replace(ok(1.0, via=KEPT, took=0.4), connected_us=NEVER), False, 0.4),
    ("a reopened connection is a new one", replace(ok(1.0, via=REOPENED, took=0.4), connected_us=300_000), True, 0.25),
    ("no answer by slow is bad then, not when it was given up", hang(1.0, took=1.03), True, 1.0),
    ("a slow answer is bad, and known to be at slow", ok(1.0, took=1.2), True, 1.0),
    ("an answer at exactly slow is good", ok(1.0, took=1.0), False, 1.0),
    ("a request without a free slot is bad", dropped(1.0), True, 0.0),
    ("a reset before connect is known at the reset", reset(1.0, took=0.1), True, 0.1),
]  # fmt: skip


@pytest.mark.parametrize(("row", "bad", "after"), [case[1:] for case in TABLE], ids=[case[0] for case in TABLE])
def test_bad_and_known(row: Row, bad: bool, after: float) -> None:
    one = sight(row, BOUNDS)
    many = see(Rows.of([row]), BOUNDS)
    assert (one.bad, one.known_ns) == (bad, ns(1.0 + after))
    assert (bool(many.bad[0]), int(many.known_ns[0])) == (bad, ns(1.0 + after))


STALL = Stall(ns(1.0), ns(1.06))
LATE = [
    ("started over 50 ms late", late(1.0, by=0.051), [], True),
    ("started 50 ms late is punctual", late(1.0, by=0.05), [], False),
    ("in flight during a stall", ok(0.99, took=0.02), [STALL], True),
    ("started during a stall", late(1.03, by=0.02), [STALL], True),
    ("over before the stall", ok(0.98, took=0.019), [STALL], False),
    ("known to be bad before the stall, though it ended after it", unconnected(0.7, took=0.5), [STALL], False),
    ("sent after the stall", ok(1.07), [STALL], False),
    ("a stall of 50 ms is none", ok(0.99, took=0.02), [Stall(ns(1.0), ns(1.05))], False),
    ("never sent at all", reset(1.0, start_us=NEVER), [], True),
    ("found no slot in time: the service's doing", dropped(1.0), [], False),
]


@pytest.mark.parametrize(("row", "stalls", "expected"), [case[1:] for case in LATE], ids=[case[0] for case in LATE])
def test_late(row: Row, stalls: list[Stall], expected: bool) -> None:
    assert is_late(row, sight(row, BOUNDS), stalls) is expected
    assert bool(see(Rows.of([row]), BOUNDS, stalls).late[0]) is expected


def test_cut_rows_are_in_no_figure_but_counted() -> None:
    seen = see(Rows.of([ok(1.0), cut(1.2), cut(1.1)]), BOUNDS)
    assert len(seen) == 1
    assert (seen.cut, seen.cut_due_ns) == (2, ns(1.1))


def test_sights_come_in_known_order_without_the_late_ones() -> None:
    seen = see(Rows.of([hang(1.0), ok(1.01), late(1.02), refused(1.03)]), BOUNDS)
    assert [s.due_ns for s in seen.sights()] == [ns(1.01), ns(1.03), ns(1.0)]


def test_a_reopened_connection_counts_only_in_all() -> None:
    assert [classes_of(via) for via in (FRESH, KEPT, REOPENED)] == [("all", "fresh"), ("all", "kept"), ("all",)]


def test_every_outcome_but_ok_is_bad() -> None:
    for outcome in set(Outcome) - {Outcome.CUT}:
        assert sight(replace(ok(1.0), outcome=outcome), BOUNDS).bad is (outcome != Outcome.OK)
