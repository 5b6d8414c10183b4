"""The client against a server that makes every outcome on purpose, over real TCP, on asyncio's loop and on uvloop's."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fault_server import FaultServer, RunStory, until

from lab.clock import MonotonicClock
from lab.history.model.rows import Outcome
from lab.http.answer import Answer
from lab.http.client import HttpDialer
from lab.http.connection import Connection
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


@pytest.fixture
def run(run_story: RunStory) -> Run:
    return lambda story: run_story(lambda server: story(User(server)))


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


@pytest.mark.parametrize("kept", [False, True], ids=["fresh", "kept"])
@pytest.mark.parametrize("path", [*OUTCOMES, *UNANSWERED])
def test_each_fault_has_its_outcome_and_reaches_the_server_once(run: Run, path: str, kept: bool) -> None:
    outcome, status, keeps = {**OUTCOMES, **UNANSWERED}[path]

    async def story(user: User) -> None:
        line = await user.kept_line() if kept else None
        exchange, line = await user.get(path, line, answer_ms=SHORT_MS if path in UNANSWERED else PATIENT_MS)
        assert (exchange.outcome, exchange.status, line is not None) == (outcome, status, keeps)
        assert_in_order(exchange)
        assert user.server.seen[path] == 1
        assert user.server.connections == 1
        if line is not None:
            line.close()

    run(story)


@pytest.mark.parametrize("path", sorted(path for path, (_, _, keeps) in OUTCOMES.items() if keeps))
def test_a_line_carries_another_request_after_any_whole_answer(run: Run, path: str) -> None:
    async def story(user: User) -> None:
        _, line = await user.get(path)
        assert line is not None
        assert line.usable
        exchange, line = await user.get("/ok", line)
        assert (exchange.outcome, exchange.size_bytes, user.server.connections) == (Outcome.OK, 2, 1)
        assert line is not None
        line.close()

    run(story)


def test_nobody_listens_is_refused(run: Run) -> None:
    async def story(user: User) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            user.dialer = HttpDialer("127.0.0.1", bound.getsockname()[1], CLOCK)
            exchange, line = await user.get("/ok")
        assert (exchange.outcome, line, exchange.connected_ns) == (Outcome.CONNECT_REFUSED, None, None)
        assert_in_order(exchange)

    run(story)


@pytest.mark.parametrize(("connect_ms", "answer_ms", "outcome"), [(40, 90, Outcome.CONNECT_TIMEOUT), (90, 40, Outcome.TIMEOUT)])
def test_a_full_accept_queue_ends_at_the_deadline_that_comes_first(
    run: Run, connect_ms: float, answer_ms: float, outcome: Outcome
) -> None:
    async def story(user: User) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)  # room for one that is never accepted; Linux drops the handshakes of all others
            with socket.create_connection(listener.getsockname()):
                user.dialer = HttpDialer("127.0.0.1", listener.getsockname()[1], CLOCK)
                exchange, line = await user.get("/ok", connect_ms=connect_ms, answer_ms=answer_ms)
        assert (exchange.outcome, line, exchange.connected_ns, exchange.sent_ns) == (outcome, None, None, None)
        assert exchange.end_ns - user.asked_ns >= 40 * NS_PER_MS

    run(story)


def test_an_answer_that_does_not_come_is_given_up_at_its_deadline_not_before(run: Run) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line()  # its timer stands at a later deadline: the nearer one must win
        exchange, _ = await user.get("/hang", line, answer_ms=SHORT_MS)
        took_ms = (exchange.end_ns - user.asked_ns) / NS_PER_MS
        assert SHORT_MS <= took_ms < PATIENT_MS / 2

    run(story)


def test_a_connection_that_is_up_too_late_is_not_used(run: Run) -> None:
    async def story(user: User) -> None:
        user.dialer = HttpDialer("localhost", user.server.port, CLOCK)  # a name: the loop dials, and says so in its own time
        late = asyncio.ensure_future(user.get("/ok", connect_ms=5))
        await asyncio.sleep(0)  # it begins to connect
        time.sleep(0.01)  # noqa: ASYNC251  # the loop stands still: the connection is up before anybody can notice
        exchange, line = await late
        assert (exchange.outcome, line, exchange.sent_ns) == (Outcome.CONNECT_TIMEOUT, None, None)
        assert user.server.seen["/ok"] == 0

    run(story)


def test_an_answer_that_is_noticed_too_late_is_a_timeout(run: Run) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line()
        late = asyncio.ensure_future(user.get("/held", line, answer_ms=20))
        await until(lambda: user.server.seen["/held"] == 1)
        user.server.release.set()
        await asyncio.sleep(0)
        time.sleep(0.03)  # noqa: ASYNC251  # as above
        exchange, line_after = await late
        assert (exchange.outcome, line_after) == (Outcome.TIMEOUT, None)
        assert exchange.end_ns - user.asked_ns >= 20 * NS_PER_MS

    run(story)


async def _unusable(line: Line) -> None:
    """The kernel has what the server did."""
    await until(lambda: not line.usable)


@pytest.mark.parametrize("end", [FaultServer.close_all, FaultServer.reset_all, lambda server: server.push_all(b"?")])
def test_a_line_that_the_server_ended_or_wrote_to_is_not_usable(run: Run, end: Callable[[FaultServer], None]) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line()
        assert line.usable
        end(user.server)
        await _unusable(line)
        line.close()

    run(story)


def test_the_kernel_is_asked_before_the_loop_has_noticed(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def story(user: User) -> None:
            user.dialer = HttpDialer("127.0.0.1", listener.getsockname()[1], CLOCK)
            request = asyncio.ensure_future(user.kept_line())
            await asyncio.sleep(0)
            peer, _ = listener.accept()
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            line = await request
            assert line.usable
            peer.close()  # loopback: the FIN is there when this returns, and the loop has had no turn since
            assert not line.usable
            line.close()

        run(story)


@pytest.mark.parametrize("end", ["close_all", "reset_all"])
def test_a_get_over_a_dead_kept_connection_is_not_sent_again(run: Run, end: str) -> None:
    """What a careless user meets who does not look at ``usable``: an error, where other clients would hide it."""

    async def story(user: User) -> None:
        line = await user.kept_line()
        getattr(user.server, end)()
        await _unusable(line)
        exchange, line_after = await user.get("/ok", line)
        assert exchange.outcome in (Outcome.RESET, Outcome.CLOSED)
        assert line_after is None
        assert (user.server.seen["/ok"], user.server.connections) == (0, 1)
        assert_in_order(exchange)

    run(story)


def test_a_reset_right_after_the_answer_costs_the_line_not_the_answer(run: Run) -> None:
    async def story(user: User) -> None:
        for path in ("/ok-then-resets", "/ok-then-closes"):
            exchange, line = await user.get(path)
            assert exchange.outcome == Outcome.OK
            if line is not None:
                await _unusable(line)
                line.close()

    run(story)


@pytest.mark.parametrize("kept", [False, True], ids=["fresh", "kept"])
def test_a_cancelled_request_closes_its_connection(run: Run, kept: bool) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line() if kept else None
        request = asyncio.ensure_future(user.get("/held", line))
        await until(lambda: user.server.seen["/held"] == 1)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        user.server.release.set()
        await until(lambda: not user.server.writers)

    run(story)


def test_a_request_that_is_cancelled_while_it_connects_leaves_no_socket(run: Run) -> None:
    async def story(user: User) -> None:
        before = len(os.listdir("/proc/self/fd"))
        for turns in range(6):
            request = asyncio.ensure_future(user.get("/ok"))
            for _ in range(turns):
                await asyncio.sleep(0)
            request.cancel()
            await asyncio.wait({request})
            if not request.cancelled() and (line := request.result()[1]) is not None:
                line.close()  # it was faster
        await until(lambda: len(os.listdir("/proc/self/fd")) <= before)

    run(story)


def test_a_line_closed_twice_is_no_error_and_carries_nothing(run: Run) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line()
        line.close()
        line.close()
        assert not line.usable
        exchange, _ = await user.get("/ok", line)
        assert (exchange.outcome, user.server.seen["/ok"]) == (Outcome.CLOSED, 0)

    run(story)


def test_nothing_is_left_to_the_garbage_collector(run: Run) -> None:
    """It is off while a load runs: a cycle per connection would cost gigabytes in an endurance run."""

    async def story(user: User) -> None:
        async def all_kinds() -> None:
            for path in ("/ok", "/reset-before", "/close-before", "/garbage", "/error"):
                _, line = await user.get(path)
                if line is not None:
                    line.close()
                    await asyncio.sleep(0)
            dead = HttpDialer("127.0.0.1", 1, CLOCK)
            await dead.send(b"", expect=EXPECT, connect_by_ns=CLOCK.now_ns() + NS_PER_MS, answer_by_ns=CLOCK.now_ns() + NS_PER_MS)

        await all_kinds()
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await all_kinds()
            assert _alive(Connection, Answer) <= 10, "connections live on although nobody holds them"
        finally:
            gc.enable()

    run(story)


def _alive(*kinds: type[Any]) -> int:
    return sum(isinstance(thing, kinds) for thing in gc.get_objects())
