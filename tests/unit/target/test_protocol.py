from __future__ import annotations

import asyncio

import pytest
from target_wire import line, own_host, request

from target.asgi import json_reply, send_reply
from target.front import Front, Limits
from target.listener import bind

SHORT_S = 0.05
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: te"


async def hello(scope, receive, send):
    await send_reply(json_reply(200, "hello"), send)


@pytest.fixture
async def front():
    """Opens fronts with the given limits and gives their address; closes them with the test."""
    fronts = []

    def start(app=hello, **limits):
        listener = bind(own_host(), 8080)
        fronts.append(Front(app, listener, Limits(**limits)))
        fronts[-1].open(128)
        return listener.getsockname()

    yield start
    for each in fronts:
        await each.close(0)


async def test_half_a_head_is_closed_after_the_header_timeout(front):
    async with line(*front(header_timeout_s=SHORT_S)) as client:
        started = asyncio.get_running_loop().time()
        client.writer.write(HALF_A_HEAD)
        assert await client.ended() == b""
        assert asyncio.get_running_loop().time() - started >= SHORT_S * 0.9


async def test_a_connection_that_sends_nothing_is_closed_after_the_header_timeout(front):
    async with line(*front(header_timeout_s=SHORT_S)) as client:
        assert await client.ended() == b""


async def test_half_a_head_in_drops_does_not_start_the_header_timeout_again(front):
    async with line(*front(header_timeout_s=SHORT_S)) as client:

        async def drip():
            while True:
                client.writer.write(b"GET / HTTP/1.1\r\n" if not drops else b"X-Drop: 1\r\n")
                drops.append(1)
                await asyncio.sleep(SHORT_S / 5)

        drops = []
        dripping = asyncio.create_task(drip())
        try:
            assert await client.ended() == b""
        except ConnectionResetError:
            pass  # a drop crossed the close
        dripping.cancel()
        assert len(drops) < 15


async def test_the_second_head_on_a_kept_connection_has_the_header_timeout_too(front):
    async with line(*front(header_timeout_s=SHORT_S)) as client:
        assert (await client.ask(request("GET", "/"))).status == 200
        client.writer.write(HALF_A_HEAD)
        assert await client.ended() == b""


async def test_an_idle_kept_connection_lives_by_keep_alive_not_by_the_header_timeout(front):
    async with line(*front(header_timeout_s=SHORT_S, keep_alive_s=75)) as client:
        assert (await client.ask(request("GET", "/"))).status == 200
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(), SHORT_S * 3)
        assert (await client.ask(request("GET", "/"))).status == 200


async def test_an_idle_kept_connection_is_closed_after_keep_alive(front):
    async with line(*front(keep_alive_s=SHORT_S)) as client:
        assert (await client.ask(request("GET", "/"))).status == 200
        assert await client.ended() == b""


async def test_a_header_timeout_of_0_is_off(front):
    async with line(*front(header_timeout_s=0)) as client:
        client.writer.write(HALF_A_HEAD)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(), SHORT_S * 2)
        assert (await client.ask(b"st\r\n\r\n")).status == 200


async def test_a_timed_out_head_frees_its_place(front):
    address = front(header_timeout_s=SHORT_S, max_connections=1)
    async with line(*address) as idle, line(*address) as next_in_line:
        assert (await next_in_line.ask(request("GET", "/"))).status == 200
        assert await idle.ended() == b""


@pytest.fixture
async def slow_front(front):
    """As ``front``, but each answer waits for ``go``."""
    go = asyncio.Event()

    async def slow(scope, receive, send):
        await go.wait()
        await hello(scope, receive, send)

    return (lambda **limits: front(slow, **limits)), go


async def test_the_first_answer_after_the_connections_age_says_close_and_is_the_last(front):
    loop = asyncio.get_running_loop()
    address = front(age_s=SHORT_S)
    begun = loop.time()
    async with line(*address) as client:
        while b"connection: close" not in (await client.ask(request("GET", "/"))).head:
            pass
        assert loop.time() - begun >= SHORT_S * 0.9
        assert await client.ended() == b""


async def test_a_connection_that_is_silent_past_its_age_may_ask_once_more(front):
    async with line(*front(age_s=SHORT_S)) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(), SHORT_S * 2)
        last = await client.ask(request("GET", "/"))
        assert last.status == 200
        assert b"connection: close" in last.head
        assert await client.ended() == b""


async def test_an_answer_begun_before_that_age_and_given_after_it_says_close_too(slow_front):
    start, go = slow_front
    async with line(*start(age_s=SHORT_S)) as client:
        asked = asyncio.create_task(client.ask(request("GET", "/")))
        await asyncio.sleep(SHORT_S * 2)  # it ages
        go.set()
        assert b"connection: close" in (await asked).head
        assert await client.ended() == b""


async def test_a_connection_age_of_0_is_off(front):
    async with line(*front(age_s=0)) as client:
        for _ in range(2):
            assert b"connection: close" not in (await client.ask(request("GET", "/"))).head
