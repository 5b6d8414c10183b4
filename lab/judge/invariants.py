"""What must hold whatever was broken: what clients were told, against what the target had stored at the end.

A request that was sent and never answered may have been done or not: it is *in doubt*, is counted, and breaks nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np

from lab.drill.model import Check
from lab.history.model.history import History
from lab.history.model.ledger import Ledger
from lab.history.model.rows import NEVER, Rows
from lab.judge.verdict import InvariantVerdict, Ruling

ACKNOWLEDGED = 200
ORDER = "order"


def invariants(history: History) -> tuple[InvariantVerdict, ...]:
    """One verdict for each check of the drill; unknown without a whole ledger."""
    checks = history.plan.drill.checks
    if not checks:
        return ()
    ledger = history.ledger
    if ledger is None or not ledger.complete:
        why = (ledger.reason if ledger else "") or "the ledger was not read"
        return tuple(InvariantVerdict(check=check, verdict=Ruling.UNKNOWN, reasons=(why,)) for check in checks)
    orders = _orders(history)
    return tuple(_CHECKS[check](orders, ledger) for check in checks)


def _orders(history: History) -> Rows:
    """Every order that a client sent, the probe's and the load's, those cut at the end too: they may be stored."""
    names = list(history.plan.drill.target.requests)
    rows = Rows.concat([history.probe, history.load])
    return rows.where(rows.request == names.index(ORDER)) if ORDER in names else Rows.of([])


def _in_doubt(rows: Rows) -> int:
    return int(((rows.sent_us != NEVER) & (rows.status == 0)).sum())


def no_oversell(_orders: Rows, ledger: Ledger) -> InvariantVerdict:
    """Nothing with a limit (coupons: the stock) was stored more often than that."""
    stored = Counter(entry.request for entry in ledger.stored)
    over = [f"{stored[name]} × {name} stored, limit {limit}" for name, limit in ledger.limits.items() if stored[name] > limit]
    if not ledger.limits:
        return InvariantVerdict(check="no_oversell", verdict=Ruling.UNKNOWN, reasons=("the ledger names no limit",))
    limited = sum(stored[name] for name in ledger.limits)
    return InvariantVerdict(
        check="no_oversell", verdict=Ruling.FAIL if over else Ruling.PASS, reasons=tuple(over), stored=limited
    )


def no_lost_order(orders: Rows, ledger: Ledger) -> InvariantVerdict:
    """Every order that was answered 200 is stored."""
    keys = np.array([entry.key for entry in ledger.stored if entry.request == ORDER], dtype=np.int64)
    told = orders.key[orders.status == ACKNOWLEDGED].astype(np.int64)
    lost = told[~np.isin(told, keys)]
    reasons: tuple[str, ...] = ()
    ruling = Ruling.PASS
    if not len(told):
        ruling, reasons = Ruling.UNKNOWN, ("no order was acknowledged, so none could be lost",)
    elif len(lost):
        ruling = Ruling.FAIL
        reasons = (f"{len(lost)} of {len(told)} acknowledged orders not stored (first key {lost.min()})",)
    return InvariantVerdict(
        check="no_lost_order",
        verdict=ruling,
        reasons=reasons,
        acknowledged=len(told),
        stored=len(keys),
        in_doubt=_in_doubt(orders),
    )


def no_duplicate_order(orders: Rows, ledger: Ledger) -> InvariantVerdict:
    """No order is stored twice under one key."""
    stored = Counter(entry.key for entry in ledger.stored if entry.request == ORDER)
    twice = sorted(key for key, times in stored.items() if times > 1)
    reasons = (f"{len(twice)} keys stored more than once (first key {twice[0]})",) if twice else ()
    return InvariantVerdict(
        check="no_duplicate_order",
        verdict=Ruling.FAIL if twice else Ruling.PASS,
        reasons=reasons,
        stored=stored.total(),
        in_doubt=_in_doubt(orders),
    )


_CHECKS: Mapping[Check, Callable[[Rows, Ledger], InvariantVerdict]] = {
    "no_oversell": no_oversell,
    "no_lost_order": no_lost_order,
    "no_duplicate_order": no_duplicate_order,
}
