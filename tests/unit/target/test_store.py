from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from target import schema
from target.database import DatabaseError, open_database
from target.store import Issue, Order, Store


def open_store(path, stock=3):
    return Store(open_database(f"sqlite:///{path}/store.db", lambda engine: schema.create(engine, "spring", stock)))


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path)
    yield store
    store.close()


async def test_a_user_gets_one_coupon_and_the_stock_ends(store):
    users = ["a", "b", "a", "c", "d"]
    assert [await store.issue("spring", user) for user in users] == [
        Issue.ISSUED,
        Issue.ISSUED,
        Issue.ALREADY_ISSUED,
        Issue.ISSUED,
        Issue.SOLD_OUT,
    ]
    assert sorted((await store.ledger()).coupons) == ["a", "b", "c"]


async def test_a_stock_of_nothing_is_sold_out(tmp_path):
    store = open_store(tmp_path, stock=0)
    assert store.knows("spring")
    assert await store.issue("spring", "a") is Issue.SOLD_OUT
    assert (await store.ledger()).stock == 0
    store.close()


async def test_the_same_key_again_returns_the_same_order_and_stores_nothing(store):
    first = await store.order("k", 1, 2)
    assert first == await store.order("k", 1, 2) == Order(1, 1, 2)
    assert (await store.ledger()).orders == ["k"]


async def test_a_key_cannot_be_used_for_another_order(store):
    await store.order("k", 1, 2)
    assert await store.order("k", 1, 3) is None
    assert await store.order("other", 1, 3) == Order(2, 1, 3)


async def test_an_event_nobody_created_is_not_known(store):
    assert not store.knows("autumn")
    assert await store.issue("autumn", "a") is Issue.SOLD_OUT


async def test_a_second_start_keeps_what_was_issued_and_the_first_stock(store, tmp_path):
    await store.issue("spring", "a")
    again = open_store(tmp_path, stock=100)
    assert (await again.ledger()).stock == 3
    assert await again.issue("spring", "a") is Issue.ALREADY_ISSUED
    again.close()


async def test_two_starts_on_one_database_sell_no_more_than_the_stock(tmp_path):
    stores = [open_store(tmp_path, stock=20), open_store(tmp_path, stock=20)]

    def sell(number):
        return [asyncio.run(stores[number].issue("spring", f"{number}-{user}")) for user in range(20)]

    issues = await asyncio.gather(*[asyncio.to_thread(sell, number) for number in range(2)])
    assert sum(issue is Issue.ISSUED for each in issues for issue in each) == 20
    assert (await stores[0].ledger()).stock == len((await stores[0].ledger()).coupons) == 20
    for store in stores:
        store.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////nowhere/at/all.db", "cannot use database sqlite:////nowhere/at/all.db: "),
        ("nosuch://localhost/x", "cannot use database nosuch://localhost/x: "),
        ("no url", "cannot use database (not a URL): "),
        ("nosuch://me:secret@localhost/x", "cannot use database nosuch://me:***@localhost/x: "),
    ],
)
def test_a_database_that_cannot_be_used_is_named_on_one_line_without_its_password(url, shown):
    with pytest.raises(DatabaseError) as error:
        open_database(url, lambda engine: schema.create(engine, "spring", 1))
    assert str(error.value).startswith(shown)
    assert "\n" not in str(error.value)


async def test_a_store_whose_tables_have_gone_does_not_pretend(store):
    await store._database.run(lambda connection: connection.exec_driver_sql("DROP TABLE orders"))
    with pytest.raises(OperationalError):
        await store.order("k", 1, 1)
