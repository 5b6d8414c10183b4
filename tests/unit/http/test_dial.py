"""A connection that is up at once is used at once; one that is not is waited for."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from http_user import CLOCK, EXPECT, PATIENT_MS, Run, User

from lab.history.model.rows import Outcome
from lab.http import client
from lab.http.dial import Address, begin, numeric, until_up
from lab.nanoseconds import NS_PER_MS

STILL_MS = 20.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listening:
        yield listening


def test_a_name_is_left_to_a_resolver() -> None:
    assert numeric("localhost", 80) is None
    assert numeric("127.0.0.1", 80) == (socket.AF_INET, ("127.0.0.1", 80))
    assert numeric("::1", 80) == (socket.AF_INET6, ("::1", 80))


def test_on_loopback_a_connection_is_up_at_once(listener: socket.socket) -> None:
    sock, up = begin(socket.AF_INET, listener.getsockname())
    with closing(sock):
        assert (up, sock.getblocking()) == (True, False)


def test_the_loop_knows_it_for_a_socket_and_closes_its_number_once(listener: socket.socket) -> None:
    """uvloop closes what is no ``socket.socket`` again after libuv has."""
    sock, _ = begin(socket.AF_INET, listener.getsockname())
    with closing(sock):
        assert isinstance(sock, socket.socket)


def test_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            begin(socket.AF_INET, bound.getsockname())


def test_behind_a_full_accept_queue_it_is_up_when_there_is_room(listener: socket.socket) -> None:
    """After the second SYN, 1 s after the first."""

    async def story() -> None:
        queued = [begin(socket.AF_INET, listener.getsockname()) for _ in range(3)]
        assert [up for _, up in queued] == [True, True, False]  # a backlog of 1 holds two
        for sock in (listener.accept()[0], *(sock for sock, _ in queued[:2])):
            sock.close()
        async with asyncio.timeout(5):
            await until_up(queued[2][0])
        queued[2][0].close()

    asyncio.run(story())


def test_a_loop_that_stands_still_after_it_was_dialled_delays_no_request(run: Run) -> None:
    async def story(user: User) -> None:
        asked = asyncio.ensure_future(user.get("/ok"))
        await asyncio.sleep(0)
        time.sleep(STILL_MS / 1e3)  # noqa: ASYNC251  # as 300 users do who are all dialled in one turn
        exchange, _ = await asked
        assert exchange.ok
        assert exchange.connected_ns is not None
        assert exchange.sent_ns is not None
        assert user.asked_ns <= exchange.connected_ns <= exchange.sent_ns < user.asked_ns + STILL_MS * NS_PER_MS

    run(story)


def resets(accepted: socket.socket) -> None:
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    accepted.close()


def stands_still(accepted: socket.socket) -> None:
    time.sleep(STILL_MS / 1e3)
    accepted.close()


@pytest.mark.parametrize(
    ("meanwhile", "connect_ms", "outcome"),
    [(resets, PATIENT_MS, Outcome.RESET), (stands_still, STILL_MS / 2, Outcome.CONNECT_TIMEOUT)],
)
def test_a_connection_lost_before_the_loop_has_it_closes_its_number_once(
    run: Run,
    listener: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[socket.socket], None],
    connect_ms: float,
    outcome: Outcome,
) -> None:
    def begin_and_lose(family: socket.AddressFamily, address: Address) -> tuple[socket.socket, bool]:
        found = begin(family, address)
        numbers.append(found[0].fileno())
        meanwhile(listener.accept()[0])
        return found

    numbers: list[int] = []
    monkeypatch.setattr(client, "begin", begin_and_lose)

    async def story(user: User) -> None:
        user.dialer = client.HttpDialer(*listener.getsockname(), CLOCK)
        exchange, line = await user.get("/", connect_ms=connect_ms)
        assert (exchange.outcome, line) == (outcome, None)
        await assert_closed_once(numbers[0])

    run(story)


def test_cancelled_before_the_loop_has_it_closes_its_number_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: list[int] = []

    def begin_and_tell(family: socket.AddressFamily, address: Address) -> tuple[socket.socket, bool]:
        found = begin(family, address)
        numbers.append(found[0].fileno())
        return found

    monkeypatch.setattr(client, "begin", begin_and_tell)

    async def story(user: User) -> None:
        asked = asyncio.ensure_future(user.get("/hang"))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait([asked])
        await assert_closed_once(numbers[0])

    run(story)


async def assert_closed_once(number: int) -> None:
    """The next to open something gets the number, and keeps it."""
    others: list[int] = []
    async with asyncio.timeout(5):
        while number not in others:
            await asyncio.sleep(0)
            others.append(os.open(os.devnull, os.O_RDONLY))
    for _ in range(5):
        await asyncio.sleep(0)
        gc.collect()
    for other in others:
        os.close(other)  # raises where it is closed


def test_a_request_larger_than_the_socket_takes_arrives_whole(run: Run) -> None:
    async def story(user: User) -> None:
        body = bytes(8 << 20)
        patient_ns = CLOCK.now_ns() + round(PATIENT_MS * NS_PER_MS)
        exchange, line = await user.dialer.send(
            b"POST /ok HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
            expect=EXPECT,
            connect_by_ns=patient_ns,
            answer_by_ns=patient_ns,
        )
        assert (exchange.outcome, line is not None) == (Outcome.OK, True)

    run(story)
