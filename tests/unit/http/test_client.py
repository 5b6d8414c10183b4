"""The client against a server that makes every outcome on purpose, over real TCP, on asyncio's loop and on uvloop's."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from fault_server import until
from http_user import CLOCK, OUTCOMES, PATIENT_MS, SHORT_MS, UNANSWERED, Run, User, assert_in_order

from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer
from lab.nanoseconds import NS_PER_MS


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
