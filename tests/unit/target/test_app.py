from __future__ import annotations

import asyncio
import time

import pytest
from target_wire import Answer, ask, coupon, line, order, request, settings_for

from target.service import serving


@pytest.fixture
async def ask_service(tmp_path):
    settings = settings_for(tmp_path, stock=2)
    async with serving(settings) as service:
        yield lambda payload: ask(settings.host, service.port, payload)


async def test_a_coupon_is_issued_once_per_user_until_sold_out(ask_service):
    answers = [await ask_service(coupon(user)) for user in ("a", "a", "b", "c")]
    assert [(answer.status, answer.json) for answer in answers] == [
        (200, {"event": "spring", "user": "a"}),
        (400, {"error": "already_issued"}),
        (200, {"event": "spring", "user": "b"}),
        (400, {"error": "sold_out"}),
    ]


async def test_the_same_order_again_is_answered_the_same(ask_service):
    first, again = await ask_service(order("k")), await ask_service(order("k"))
    assert (first.status, first.json) == (again.status, again.json) == (200, {"order": 1, "item": 1, "quantity": 1})


async def test_the_same_key_for_another_order_is_refused(ask_service):
    await ask_service(order("k"))
    again = await ask_service(order("k", quantity=2))
    assert (again.status, again.json) == (400, {"error": "key_used_for_another_order"})


@pytest.mark.parametrize(
    ("payload", "status", "error"),
    [
        (coupon("a", event="autumn"), 404, "unknown_event"),
        (coupon(""), 400, "bad_user"),
        (coupon("a" * 201), 400, "bad_user"),
        (coupon("\ud800"), 400, "bad_user"),
        (request("POST", "/coupons/spring/issue", b'{"user": 1}'), 400, "bad_user"),
        (request("POST", "/coupons/spring/issue", b"{"), 400, "bad_body"),
        (request("POST", "/coupons/spring/issue", b"[" * 60_000), 400, "bad_body"),
        (request("POST", "/coupons/spring/issue", b'"' + b"x" * 70_000 + b'"'), 400, "bad_body"),
        (request("POST", "/orders", b'{"item": 1, "quantity": 1}'), 400, "bad_idempotency_key"),
        (request("POST", "/orders", b"", Idempotency_Key="k"), 400, "bad_body"),
        (request("POST", "/orders", b"[1]", Idempotency_Key="k"), 400, "bad_body"),
        (request("POST", "/orders", b"\xff", Idempotency_Key="k"), 400, "bad_body"),
        (request("POST", "/orders", b'{"item": 1}', Idempotency_Key="k"), 400, "bad_quantity"),
        (request("POST", "/orders", b'{"item": true, "quantity": 1}', Idempotency_Key="k"), 400, "bad_item"),
        (order("k", quantity=0), 400, "bad_quantity"),
        (request("GET", "/orders"), 405, "method_not_allowed"),
        (request("POST", "/docs"), 405, "method_not_allowed"),
        (request("GET", "/health"), 404, "not_found"),
    ],
)
async def test_what_is_not_a_good_request_is_refused_with_its_reason(ask_service, payload, status, error):
    answer = await ask_service(payload)
    assert (answer.status, answer.json) == (status, {"error": error})


async def test_the_document_and_the_page_list_both_requests(ask_service):
    document, page = await ask_service(request("GET", "/openapi.json")), await ask_service(request("GET", "/docs"))
    assert list(document.json["paths"]) == ["/coupons/{event}/issue", "/orders"]
    assert b"/coupons/{event}/issue" in page.body
    assert b"//" not in page.body  # nothing is fetched from elsewhere


async def test_slots_bound_the_capacity(tmp_path):
    settings = settings_for(tmp_path, slots=2, work_ms=20)
    async with serving(settings) as service:
        started = time.monotonic()
        answers = await asyncio.gather(*[ask(settings.host, service.port, order(f"{n}")) for n in range(6)])
    assert [answer.status for answer in answers] == [200] * 6
    assert time.monotonic() - started >= 0.06  # six of 20 ms over two slots


@pytest.mark.slow
async def test_300_simultaneous_users_get_exactly_the_stock(tmp_path):
    settings = settings_for(tmp_path, stock=100)
    async with serving(settings) as service:
        answers = await asyncio.gather(*[ask(settings.host, service.port, coupon(f"user-{n}")) for n in range(300)])
        ledger = await ask(settings.host, service.health_port, request("GET", "/ledger"))
    assert sum(answer.status == 200 for answer in answers) == 100
    assert sum(answer.json == {"error": "sold_out"} for answer in answers if answer.status == 400) == 200
    assert sorted(ledger.json["stored"]["coupon"]) == sorted(a.json["user"] for a in answers if a.status == 200)


async def test_the_same_key_at_the_same_time_is_stored_once(tmp_path):
    settings = settings_for(tmp_path)
    async with serving(settings) as service:
        answers = await asyncio.gather(*[ask(settings.host, service.port, order("k")) for _ in range(20)])
        ledger = await ask(settings.host, service.health_port, request("GET", "/ledger"))
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    assert ledger.json["stored"]["order"] == ["k"]


async def test_a_body_that_comes_after_its_head_is_read_whole(tmp_path):
    settings = settings_for(tmp_path)
    async with serving(settings) as service, line(settings.host, service.port) as client:
        for byte in (payload := order("k"))[:-5], payload[-5:]:
            client.writer.write(byte)
            await client.writer.drain()
            await asyncio.sleep(0)
        answer: Answer = await client.answer()
    assert answer.status == 200


async def test_who_waits_too_long_for_a_slot_is_turned_away_and_may_come_again(tmp_path):
    settings = settings_for(tmp_path, slots=1, work_ms=200, shed_after=0.05)
    async with serving(settings) as service:
        answers = await asyncio.gather(*(ask(settings.host, service.port, order(f"k{number}")) for number in range(3)))
        shed = [answer for answer in answers if answer.status == 503]
        assert sorted(answer.status for answer in answers) == [200, 503, 503]
        assert shed[0].json == {"error": "busy"}
        assert all(b"retry-after: 1\r\n" in answer.head for answer in shed)
        keys = sorted((await service_ledger(settings)).json["stored"]["order"])
        assert len(keys) == 1  # nothing was done for those who were turned away


async def test_a_shed_after_of_0_waits_as_long_as_it_takes(tmp_path):
    settings = settings_for(tmp_path, slots=1, work_ms=30, shed_after=0)
    async with serving(settings) as service:
        answers = await asyncio.gather(*(ask(settings.host, service.port, order(f"k{number}")) for number in range(3)))
        assert [answer.status for answer in answers] == [200] * 3


@pytest.mark.parametrize(("max_connections", "shed"), [(2, 0), (8, 2)])
async def test_who_waits_in_the_accept_queue_is_not_in_line_yet(tmp_path, max_connections, shed):
    """One stands in line, for 20 ms, and the others before the door: the eighth is answered after 160 ms, with 100 allowed."""
    settings = settings_for(tmp_path, slots=1, work_ms=20, shed_after=0.1, max_connections=max_connections)
    async with serving(settings) as service:
        answers = await asyncio.gather(*(ask(settings.host, service.port, order(f"k{number}")) for number in range(8)))
        assert sum(answer.status == 503 for answer in answers) >= shed
        assert shed or {answer.status for answer in answers} == {200}


@pytest.mark.slow
async def test_a_client_that_was_shed_gives_its_place_in_the_line_back(tmp_path):
    settings = settings_for(tmp_path, slots=1, work_ms=200, shed_after=0.02)
    async with serving(settings) as service:
        for _ in range(2):  # a slot that was lost with one who was turned away would show in the next round
            answers = await asyncio.gather(*(ask(settings.host, service.port, order("k")) for number in range(4)))
            assert sorted(answer.status for answer in answers) == [200, 503, 503, 503]


async def service_ledger(settings):
    return await ask(settings.host, 8081, request("GET", "/ledger"))
