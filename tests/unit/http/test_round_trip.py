"""Loopback in the place of a network: a new connection is up a round trip after its handshake."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
from fault_server import until
from http_user import CLOCK, Run, User

from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer
from lab.nanoseconds import NS_PER_MS


def test_over_a_network_a_connection_is_up_a_round_trip_later(run: Run) -> None:
    async def story(user: User) -> None:
        user.dialer = HttpDialer("127.0.0.1", user.server.port, CLOCK, round_trip_s=0.02)
        exchange, line = await user.get("/ok")
        assert line is not None
        again, _ = await user.get("/ok", line)
        assert (exchange.outcome, again.outcome) == (Outcome.OK, Outcome.OK)
        assert exchange.connected_ns is not None
        assert exchange.connected_ns - exchange.start_ns >= 19 * NS_PER_MS  # uvloop's timers come up to 1 ms early
        assert again.connected_ns == again.start_ns, "a kept line is up already"

    run(story)


@pytest.mark.parametrize(("connect_ms", "outcome"), [(5, Outcome.CONNECT_TIMEOUT), (100, Outcome.RESET)])
def test_what_becomes_of_a_connection_in_its_round_trip_is_told(run: Run, connect_ms: float, outcome: Outcome) -> None:
    async def story(user: User) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            user.dialer = HttpDialer("127.0.0.1", listener.getsockname()[1], CLOCK, round_trip_s=0.02)
            asked = asyncio.ensure_future(user.get("/ok", connect_ms=connect_ms))
            await asyncio.sleep(0)
            await asyncio.to_thread(_reset, listener)
            exchange, line = await asked
        assert (exchange.outcome, line) == (outcome, None)

    run(story)


def _reset(listener: socket.socket) -> None:
    taken, _ = listener.accept()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    taken.close()


def test_a_request_that_is_cancelled_in_its_round_trip_leaves_no_socket(run: Run) -> None:
    async def story(user: User) -> None:
        user.dialer = HttpDialer("127.0.0.1", user.server.port, CLOCK, round_trip_s=10)
        asked = asyncio.ensure_future(user.get("/ok"))
        await until(lambda: bool(user.server.writers))
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await until(lambda: not user.server.writers)  # it saw the connection close

    run(story)
