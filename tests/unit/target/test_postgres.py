"""A PostgreSQL URL is just another URL: the same store and the same process, on a server of the tests' own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from postgres_server import PASSWORD, binaries, serving_postgres
from sqlalchemy import create_engine
from sqlalchemy.exc import ProgrammingError
from target_wire import ask, coupon, order, own_host, request

from target import schema
from target.database import DatabaseError, open_database
from target.store import Issue, Order, Store
from tests.required import lacks

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
SIMULTANEOUS = 300
PATIENCE_S = 30.0
BACKENDS = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def server():
    if (programs := binaries()) is None:
        lacks("PostgreSQL")
    with serving_postgres(programs) as server:
        yield server


@pytest.fixture
def url(server):
    return server.url(server.new_database())


@contextmanager
def opened(url, stock):
    store = Store(open_database(url, lambda engine: schema.create(engine, "spring", stock)))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def another_client(url):
    """One connection beside the service's, which commits each statement."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


async def until(condition):
    """Polls for an event with a deadline."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # the event is in the server
            await asyncio.sleep(0.002)


async def test_300_simultaneous_users_get_no_more_coupons_than_there_are(url):
    with opened(url, 100) as one, opened(url, 100) as two:
        issues = await asyncio.gather(*[(one, two)[user % 2].issue("spring", f"u{user}") for user in range(SIMULTANEOUS)])
        ledger = await one.ledger()
    assert (issues.count(Issue.ISSUED), issues.count(Issue.SOLD_OUT)) == (100, 200)
    assert sorted(ledger.coupons) == sorted(f"u{user}" for user, issue in enumerate(issues) if issue is Issue.ISSUED)
    assert ledger.stock == 100


async def test_300_simultaneous_requests_of_as_many_users_as_coupons_give_each_user_one(url):
    with opened(url, 30) as store:
        issues = await asyncio.gather(*[store.issue("spring", f"u{number % 30}") for number in range(SIMULTANEOUS)])
        ledger = await store.ledger()
    assert issues.count(Issue.ISSUED) == 30
    assert sorted(ledger.coupons) == sorted(f"u{user}" for user in range(30))


async def test_a_coupon_that_another_request_holds_and_gives_back_is_not_sold_out(url):
    with opened(url, 1) as store, another_client(url) as other, another_client(url) as watcher:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql("SELECT id FROM coupon FOR UPDATE")
        issuing = asyncio.create_task(store.issue("spring", "a"))
        waiting = f"SELECT count(*) FROM {BACKENDS} AND wait_event_type = 'Lock'"
        await until(lambda: issuing.done() or watcher.exec_driver_sql(waiting).scalar())
        other.exec_driver_sql("ROLLBACK")
        assert await issuing is Issue.ISSUED


async def test_300_simultaneous_orders_with_one_key_store_one(url):
    with opened(url, 1) as one, opened(url, 1) as two:
        placed = await asyncio.gather(*[(one, two)[number % 2].order("k", 1, 2) for number in range(SIMULTANEOUS)])
        assert len(set(placed)) == 1
        assert isinstance(placed[0], Order)
        assert await one.order("k", 1, 3) is None
        assert (await two.ledger()).orders == ["k"]


async def test_300_simultaneous_orders_are_all_in_the_ledger(url):
    with opened(url, 1) as store:
        placed = await asyncio.gather(*[store.order(f"k{number}", 1, 2) for number in range(SIMULTANEOUS)])
        ledger = await store.ledger()
    assert len({each.id for each in placed}) == SIMULTANEOUS
    assert sorted(ledger.orders) == sorted(f"k{number}" for number in range(SIMULTANEOUS))


async def test_a_text_of_200_characters_is_a_user_and_a_key_whatever_their_bytes(url):
    widest_user, widest_key = "한" * 200, "ÿ" * 200
    with opened(url, 1) as store:
        assert await store.issue("spring", widest_user) is Issue.ISSUED
        assert await store.order(widest_key, 1_000_000, 1_000_000) == Order(1, 1_000_000, 1_000_000)
        ledger = await store.ledger()
    assert (ledger.coupons, ledger.orders) == ([widest_user], [widest_key])


def test_a_second_start_keeps_what_was_issued_and_the_first_stock(url):
    with opened(url, 3) as store:
        assert asyncio.run(store.issue("spring", "a")) is Issue.ISSUED
    with opened(url, 100) as store:
        assert asyncio.run(store.issue("spring", "a")) is Issue.ALREADY_ISSUED
        assert asyncio.run(store.ledger()).stock == 3


def test_simultaneous_first_starts_make_the_tables_once(server):
    starts = 8
    with ThreadPoolExecutor(starts) as threads:
        for _ in range(3):
            url, together = server.url(server.new_database()), threading.Barrier(starts)

            def start(_, url=url, together=together):
                together.wait(PATIENCE_S)
                with opened(url, 20) as store:
                    return asyncio.run(store.ledger()).stock

            assert list(threads.map(start, range(starts))) == [20] * starts


async def test_a_server_that_dropped_every_connection_is_used_again_at_once(url):
    with opened(url, 1) as store, another_client(url) as other:
        await asyncio.gather(*[store.order(f"k{number}", 1, 1) for number in range(20)])
        assert other.exec_driver_sql(f"SELECT count(pg_terminate_backend(pid)) FROM {BACKENDS}").scalar() > 1
        await until(lambda: other.exec_driver_sql(f"SELECT count(*) FROM {BACKENDS}").scalar() == 0)
        assert await store.issue("spring", "a") is Issue.ISSUED
        assert await store.answers()


async def test_a_store_whose_tables_have_gone_does_not_pretend(url):
    with opened(url, 1) as store, another_client(url) as other:
        other.exec_driver_sql("DROP TABLE orders")
        with pytest.raises(ProgrammingError, match="orders"):
            await store.order("k", 1, 1)


def test_a_url_without_a_driver_takes_the_one_that_is_installed_with_the_extra(server):
    with opened(server.url(server.new_database(), driver="postgresql"), 1) as store:
        assert store._database.engine.driver == "psycopg"


@pytest.mark.parametrize("wrong", [{"password": "guess"}, {"database": "nowhere"}])
def test_a_server_that_refuses_is_named_on_one_line_without_its_password(server, wrong):
    with pytest.raises(DatabaseError) as error:
        open_database(server.url(**wrong), lambda engine: schema.create(engine, "spring", 1))
    assert str(error.value).startswith(f"cannot use database postgresql+psycopg://lab:***@{server.host}:5432/")
    assert "\n" not in str(error.value)
    assert wrong.get("password", PASSWORD) not in str(error.value)


def test_without_the_driver_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        DatabaseError, match=r"cannot use database postgresql://h/shop: .*; hint: pip install 'psycopg\[binary\]'$"
    ):
        open_database("postgresql://h/shop", lambda engine: schema.create(engine, "spring", 1))


@contextmanager
def started(url, host):
    """``python -m target``, from its line that says ready to its end by SIGTERM."""
    variables = {"TARGET_HOST": host, "TARGET_STOCK": "100", "TARGET_WORK_MS": "1", "TARGET_DATABASE_URL": url}
    with subprocess.Popen(
        [sys.executable, "-m", "target"],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout.readline() == b"target: ready on port 8080, health on 8081\n", process.stderr.read().decode()
            yield
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
            assert process.stderr.read() == b""
        finally:
            process.kill()


async def test_two_service_processes_on_one_database_answer_as_one(url, monkeypatch):
    monkeypatch.setattr("target_wire.PATIENCE_S", PATIENCE_S)  # 300 clients, two services and a server share the machine
    hosts = [own_host(), own_host()]
    with started(url, hosts[0]), started(url, hosts[1]):
        asked = [(hosts[user % 2], coupon(f"u{user}")) for user in range(SIMULTANEOUS)]
        answers = await asyncio.gather(*[ask(host, 8080, payload) for host, payload in asked])
        assert sorted(answer.status for answer in answers) == [200] * 100 + [400] * 200
        orders = await asyncio.gather(*[ask(host, 8080, order("k", 2)) for host in hosts * 20])
        assert {json.dumps(answer.json) for answer in orders} == {json.dumps(orders[0].json)}
        assert {answer.status for answer in orders} == {200}
        assert [(await ask(host, 8081, request("GET", "/health"))).status for host in hosts] == [200, 200]
        ledgers = [(await ask(host, 8081, request("GET", "/ledger"))).json for host in hosts]
    for ledger in ledgers:
        assert ledger["limits"] == {"coupon": 100}
        assert ledger["stored"]["order"] == ["k"]
        assert sorted(ledger["stored"]["coupon"]) == sorted(answer.json["user"] for answer in answers if answer.status == 200)


def test_sqlite_does_not_import_the_driver_of_postgres():
    start = (
        "import sys; from target import schema, service, database;"
        "database.open_database('sqlite://', lambda engine: schema.create(engine, 'spring', 1));"
        "print([m for m in sys.modules if m.startswith('psycopg')])"
    )
    assert subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True).stdout == "[]\n"
