"""The tables. A coupon is a row: an event has exactly as many as its stock, so nobody can issue one more."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint, insert
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from target.database import take_turns

metadata = MetaData()

events = Table("event", metadata, Column("name", String(200), primary_key=True), Column("stock", Integer, nullable=False))

coupons = Table(
    "coupon",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", ForeignKey("event.name"), nullable=False),
    Column("holder", String(200)),  # NULL: still to be had; NULLs are distinct in a unique constraint
    UniqueConstraint("event", "holder"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("item", Integer, nullable=False),
    Column("quantity", Integer, nullable=False),
)


def create(engine: Engine, event: str, stock: int) -> None:
    """Tables and stock, each unless it is there: a restart keeps what was issued, whatever ``stock`` says then."""
    with engine.begin() as connection:
        take_turns(connection)
        for table in metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
    try:
        with engine.begin() as connection:
            _stock(connection, event, stock)
    except IntegrityError:
        pass  # the event exists: an earlier start, or one beside us, has made its stock in one transaction


def _stock(connection: Connection, event: str, stock: int) -> None:
    connection.execute(insert(events).values(name=event, stock=stock))
    if stock:
        connection.execute(insert(coupons), [{"event": event}] * stock)
