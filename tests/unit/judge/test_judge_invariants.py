"""What clients were told against what was stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.drill.model import Check
from lab.history.model.ledger import Ledger, Stored
from lab.history.model.rows import Row
from lab.judge.invariants import invariants
from lab.judge.verdict import InvariantVerdict, Ruling
from tests.histories import ORDER, cut, hang, ok, refused, reset, run

COUPON = 0
TOLD = [ok(1.0), ok(1.1), ok(1.2)]
"""Under the keys 1, 2, 3: the helpers number the probe's requests."""


def orders(*keys: int) -> tuple[Stored, ...]:
    return tuple(Stored("order", key) for key in keys)


def coupons(*keys: int) -> tuple[Stored, ...]:
    return tuple(Stored("coupon", key) for key in keys)


def judged(check: Check, ledger: Ledger | None, rows: list[Row] = TOLD, load: tuple[Row, ...] = ()) -> InvariantVerdict:
    (found,) = invariants(run(rows, [], end=5, checks=(check,), ledger=ledger, load=load))
    return found


CASES: list[tuple[Check, Ledger | None, Ruling, str]] = [
    ("no_oversell", Ledger(coupons(1, 2), {"coupon": 2}), Ruling.PASS, ""),
    ("no_oversell", Ledger(coupons(1, 2, 3), {"coupon": 2}), Ruling.FAIL, "3 × coupon stored, limit 2"),
    ("no_oversell", Ledger(coupons(1, 2, 3)), Ruling.UNKNOWN, "names no limit"),
    ("no_lost_order", Ledger(orders(1, 2, 3)), Ruling.PASS, ""),
    ("no_lost_order", Ledger(orders(1, 3, 9)), Ruling.FAIL, r"1 of 3 acknowledged orders not stored \(first key 2\)"),
    ("no_lost_order", Ledger(coupons(1, 2, 3)), Ruling.FAIL, "3 of 3"),
    ("no_duplicate_order", Ledger(orders(1, 2, 3)), Ruling.PASS, ""),
    ("no_duplicate_order", Ledger(orders(1, 2, 2)), Ruling.FAIL, r"1 keys stored more than once \(first key 2\)"),
    ("no_lost_order", None, Ruling.UNKNOWN, "was not read"),
    ("no_oversell", Ledger(complete=False, reason="nobody answered"), Ruling.UNKNOWN, "nobody answered"),
]


@pytest.mark.parametrize(("check", "ledger", "ruling", "reason"), CASES)
def test_invariants(check: Check, ledger: Ledger | None, ruling: Ruling, reason: str) -> None:
    import re

    found = judged(check, ledger)
    assert found.verdict is ruling
    assert re.search(reason, " ".join(found.reasons))
    assert bool(found.reasons) is (ruling is not Ruling.PASS)


def test_orders_of_the_load_count_as_the_probes_do() -> None:
    load = (ok(1.0, request=ORDER, key=77),)
    assert judged("no_lost_order", Ledger(orders(1, 2, 3)), load=load).verdict is Ruling.FAIL
    assert judged("no_lost_order", Ledger(orders(1, 2, 3, 77)), load=load).verdict is Ruling.PASS


def test_coupons_are_no_orders() -> None:
    assert judged("no_lost_order", Ledger(orders(1, 2, 3)), load=(ok(1.0, request=COUPON, key=77),)).acknowledged == 3


def test_what_was_sent_and_not_answered_is_in_doubt_and_breaks_nothing() -> None:
    rows = [ok(1.0), reset(1.1), hang(1.2), cut(1.3), refused(1.4)]
    for stored in (orders(1), orders(1, 2, 3, 4)):
        found = judged("no_lost_order", Ledger(stored), rows)
        assert (found.verdict, found.in_doubt, found.acknowledged) == (Ruling.PASS, 3, 1)


def test_a_refusal_by_a_business_rule_need_not_be_stored() -> None:
    assert judged("no_lost_order", Ledger(orders(1)), [ok(1.0), replace(ok(1.1), status=400)]).verdict is Ruling.PASS


def test_without_an_acknowledged_order_nothing_is_shown() -> None:
    assert judged("no_lost_order", Ledger(()), [reset(1.0)]).verdict is Ruling.UNKNOWN


def test_a_drill_without_checks_has_no_invariants() -> None:
    assert invariants(run(TOLD, [], end=5)) == ()
