"""A user of the client, who asks the fault server, and what each of its paths comes to."""

from __future__ import annotations

import gc
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fault_server import FaultServer, until

from lab.clock import MonotonicClock
from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer
from lab.http.exchange import Exchange, Line
from lab.nanoseconds import NS_PER_MS

EXPECT = frozenset({200, 204, 400})
PATIENT_MS = 5000.0
SHORT_MS = 40.0
CLOCK = MonotonicClock(time.monotonic_ns())

Run = Callable[[Callable[["User"], Awaitable[None]]], None]


class User:
    """Sends to the fault server, in ms from now where the dialer wants instants."""

    def __init__(self, server: FaultServer, tls: ssl.SSLContext | None = None) -> None:
        self.server = server
        self.dialer = HttpDialer("127.0.0.1", server.port, CLOCK, tls=tls)
        self.asked_ns = 0
        """When it last asked: time-outs run from there."""

    async def get(
        self, path: str, line: Line | None = None, connect_ms: float = PATIENT_MS, answer_ms: float = PATIENT_MS
    ) -> tuple[Exchange, Line | None]:
        self.asked_ns = now_ns = CLOCK.now_ns()
        return await self.dialer.send(
            f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
            expect=EXPECT,
            connect_by_ns=now_ns + round(connect_ms * NS_PER_MS),
            answer_by_ns=now_ns + round(answer_ms * NS_PER_MS),
            line=line,
        )

    async def kept_line(self) -> Line:
        exchange, line = await self.get("/first")
        assert exchange.outcome == Outcome.OK
        assert line is not None
        return line


KEEPS, LOSES = True, False
OUTCOMES: dict[str, tuple[Outcome, int, bool]] = {
    "/ok": (Outcome.OK, 200, KEEPS),
    "/sold-out": (Outcome.OK, 400, KEEPS),
    "/no-content": (Outcome.OK, 204, KEEPS),
    "/chunked": (Outcome.OK, 200, KEEPS),
    "/continue": (Outcome.OK, 200, KEEPS),
    "/continue-twice": (Outcome.OK, 200, KEEPS),
    "/continue-then-closes": (Outcome.CLOSED, 0, LOSES),
    "/continue-then-resets": (Outcome.RESET, 0, LOSES),
    "/early-hints": (Outcome.OK, 200, KEEPS),
    "/says-close": (Outcome.OK, 200, LOSES),
    "/keeps-open-but-says-close": (Outcome.OK, 200, LOSES),
    "/old": (Outcome.OK, 200, LOSES),
    "/until-close": (Outcome.OK, 200, LOSES),
    "/too-long": (Outcome.OK, 200, LOSES),
    "/twice": (Outcome.OK, 200, LOSES),
    "/error": (Outcome.BAD_STATUS, 500, KEEPS),
    "/unavailable": (Outcome.BAD_STATUS, 503, KEEPS),
    "/upgrade": (Outcome.BAD_STATUS, 101, LOSES),
    "/shed": (Outcome.SHED, 503, KEEPS),
    "/reset-before": (Outcome.RESET, 0, LOSES),
    "/reset-in-head": (Outcome.RESET, 0, LOSES),
    "/reset-after-head": (Outcome.RESET, 200, LOSES),
    "/reset-in-body": (Outcome.RESET, 200, LOSES),
    "/close-before": (Outcome.CLOSED, 0, LOSES),
    "/close-in-head": (Outcome.CLOSED, 0, LOSES),
    "/close-after-head": (Outcome.BAD_BODY, 200, LOSES),
    "/close-in-body": (Outcome.BAD_BODY, 200, LOSES),
    "/close-in-chunk": (Outcome.BAD_BODY, 200, LOSES),
    "/garbage": (Outcome.BAD_BODY, 0, LOSES),
    "/no-status": (Outcome.BAD_BODY, 0, LOSES),
    "/negative-length": (Outcome.BAD_BODY, 0, LOSES),
    "/bad-chunk": (Outcome.BAD_BODY, 200, LOSES),
    "/two-lengths": (Outcome.BAD_BODY, 0, LOSES),
    "/huge-header": (Outcome.BAD_BODY, 0, LOSES),
    "/endless-header": (Outcome.BAD_BODY, 0, LOSES),
}
UNANSWERED: dict[str, tuple[Outcome, int, bool]] = {
    "/hang": (Outcome.TIMEOUT, 0, LOSES),
    "/hang-in-head": (Outcome.TIMEOUT, 0, LOSES),
    "/too-short": (Outcome.TIMEOUT, 200, LOSES),
    "/drip": (Outcome.TIMEOUT, 200, LOSES),
}


def assert_in_order(exchange: Exchange) -> None:
    """Instants never run backwards, and what did not come does not stand between those that did."""
    instants = [exchange.start_ns, exchange.connected_ns, exchange.sent_ns, exchange.first_byte_ns]
    there = [instant for instant in instants if instant is not None]
    assert instants[: len(there)] == there
    assert there == sorted(there)
    assert exchange.end_ns >= there[-1]


async def unusable(line: Line) -> None:
    """The kernel has what the server did."""
    await until(lambda: not line.usable)


def alive(*kinds: type[Any]) -> int:
    return sum(isinstance(thing, kinds) for thing in gc.get_objects())
