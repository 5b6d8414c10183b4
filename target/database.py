"""How statements reach the database; the only file that knows that SQLite is not PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")
BUSY_TIMEOUT_MS = 5000
POOL = 16
NO_DRIVER = "; hint: pip install 'psycopg[binary]'"


class DatabaseError(Exception):
    """The database cannot be used; the text says which, without its password."""


class Database(Protocol):
    """Runs work on a connection that commits each statement by itself."""

    engine: Engine

    async def run(self, work: Callable[[Connection], T]) -> T: ...

    def close(self) -> None: ...


class Inline:
    """SQLite: one kept connection, on the loop's own thread.

    Measured: 0.04 ms a statement here, 0.16 ms handed to a thread and back; a checkpoint holds the loop up for under 5 ms.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine: Engine = engine
        self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    async def run(self, work: Callable[[Connection], T]) -> T:
        return work(self._connection)

    def close(self) -> None:
        self._connection.close()
        self.engine.dispose()


class Pooled:
    """A database over the network: each piece of work waits in a thread, with a connection of the pool.

    The threads are our own, one for each connection: the loop has as many as the machine has processors, and 4.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine: Engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._threads = ThreadPoolExecutor(POOL, thread_name_prefix="database")

    async def run(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._work, work)

    def _work(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect() as connection:
            return work(connection)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)  # waits for what has begun, whose connection would stay open
        self.engine.dispose()


def open_database(url: str, prepare: Callable[[Engine], None]) -> Database:
    """A database that ``prepare`` (tables, stock) has just written to. Raises :class:`DatabaseError`."""
    try:
        engine = _engine(url)
        return _prepared(engine, prepare)
    except (SQLAlchemyError, ImportError) as error:
        hint = NO_DRIVER if isinstance(error, ImportError) and error.name == "psycopg" else ""
        raise DatabaseError(f"cannot use database {_shown(url)}: {str(error).splitlines()[0]}{hint}") from error


def _prepared(engine: Engine, prepare: Callable[[Engine], None]) -> Database:
    try:
        prepare(engine)
        return Inline(engine) if engine.dialect.name == "sqlite" else Pooled(engine)
    except BaseException:
        engine.dispose()
        raise


def has_one_writer(connection: Connection) -> bool:
    """No two statements write at the same time, so none finds a row locked."""
    return connection.dialect.name == "sqlite"


def take_turns(connection: Connection) -> None:
    """Those who ask for this wait for each other until their transactions end.

    For starts side by side: ``CREATE TABLE IF NOT EXISTS`` of PostgreSQL fails when another one has begun to create the
    same table. SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('target'))")


def _engine(url: str) -> Engine:
    """The driver, if the URL names none, is psycopg: SQLAlchemy 2.0 would take psycopg2. It is imported only here."""
    address = make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_size=POOL, pool_pre_ping=True)
    engine = create_engine(address)
    event.listen(engine, "connect", _configure_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    """Readers beside the writer, and no fsync per commit: a killed process loses nothing, a power cut may."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")  # first: changing the mode needs a lock itself
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "(not a URL)"
