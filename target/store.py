"""What the service stores: coupons given to users, orders by their idempotency key. One statement a request, seldom two.

Rules are kept by the database (a row per coupon, unique constraints), not by checking first: two processes on one
database, or 300 simultaneous users, cannot break them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from target.database import Database, has_one_writer
from target.schema import coupons, events, orders


class Issue(StrEnum):
    """How asking for a coupon ended."""

    ISSUED = "issued"
    SOLD_OUT = "sold_out"
    ALREADY_ISSUED = "already_issued"


@dataclass(frozen=True)
class Order:
    id: int
    item: int
    quantity: int


@dataclass(frozen=True)
class Ledger:
    """All that is stored: users with a coupon, keys of orders, and how many coupons there were to give."""

    coupons: list[str]
    orders: list[str]
    stock: int


# Where writers run side by side, SKIP LOCKED (which SQLite leaves out) gives simultaneous users different rows. When every
# row that is left is locked, one may come back, as its request is refused: a second look waits for them, in one order for
# all, before it says SOLD_OUT. Both looks in one statement (coalesce) deadlock: it keeps what the first one locked.
_FREE = select(coupons.c.id).where(coupons.c.event == bindparam("of"), coupons.c.holder.is_(None)).limit(1)
_UNLOCKED, _ANY = _FREE.with_for_update(skip_locked=True), _FREE.order_by(coupons.c.id).with_for_update()
_ISSUE, _ISSUE_LAST = (
    update(coupons).where(coupons.c.id == free.scalar_subquery()).values(holder=bindparam("user")) for free in (_UNLOCKED, _ANY)
)
_ORDER = insert(orders).values(key=bindparam("key"), item=bindparam("item"), quantity=bindparam("quantity"))
_ORDER_OF = select(orders.c.id, orders.c.item, orders.c.quantity).where(orders.c.key == bindparam("of"))


class Store:
    def __init__(self, database: Database) -> None:
        self._database = database
        with database.engine.connect() as connection:
            self._events = frozenset(connection.scalars(select(events.c.name)))

    def knows(self, event: str) -> bool:
        return event in self._events

    async def issue(self, event: str, user: str) -> Issue:
        """Gives ``user`` a coupon of ``event``, if one is left and the user has none."""
        return await self._database.run(lambda connection: _issue(connection, event, user))

    async def order(self, key: str, item: int, quantity: int) -> Order | None:
        """The order stored for ``key``, now or by an earlier request; None when that one ordered something else."""
        stored = await self._database.run(lambda connection: _order(connection, key, item, quantity))
        return stored if (stored.item, stored.quantity) == (item, quantity) else None

    async def ledger(self) -> Ledger:
        """Read beside the service, in a thread: tens of thousands of rows would hold up the loop."""
        return await asyncio.to_thread(self._ledger)

    async def answers(self) -> bool:
        """The database takes statements. Raises what it raises."""
        return await self._database.run(lambda connection: connection.scalar(select(1)) == 1)

    def close(self) -> None:
        self._database.close()

    def _ledger(self) -> Ledger:
        with self._database.engine.begin() as connection:
            return Ledger(
                coupons=list(connection.scalars(select(coupons.c.holder).where(coupons.c.holder.is_not(None)))),
                orders=list(connection.scalars(select(orders.c.key).order_by(orders.c.id))),
                stock=connection.scalar(select(func.count()).select_from(coupons)) or 0,
            )


def _issue(connection: Connection, event: str, user: str) -> Issue:
    wanted = {"of": event, "user": user}
    try:
        given = connection.execute(_ISSUE, wanted).rowcount
        if not given and not has_one_writer(connection):
            given = connection.execute(_ISSUE_LAST, wanted).rowcount
    except IntegrityError:
        return Issue.ALREADY_ISSUED
    return Issue.ISSUED if given else Issue.SOLD_OUT


def _order(connection: Connection, key: str, item: int, quantity: int) -> Order:
    try:
        stored = connection.execute(_ORDER, {"key": key, "item": item, "quantity": quantity})
    except IntegrityError:
        return Order(*connection.execute(_ORDER_OF, {"of": key}).one())
    return Order(stored.inserted_primary_key.id, item, quantity)  # type: ignore[union-attr]  # an insert of one row has one
