"""A kept line: what it carries, and how a user knows that it will carry no more."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
from fault_server import FaultServer
from http_user import CLOCK, OUTCOMES, Run, User, assert_in_order, unusable

from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer


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


@pytest.mark.parametrize("end", [FaultServer.close_all, FaultServer.reset_all, lambda server: server.push_all(b"?")])
def test_a_line_that_the_server_ended_or_wrote_to_is_not_usable(run: Run, end: Callable[[FaultServer], None]) -> None:
    async def story(user: User) -> None:
        line = await user.kept_line()
        assert line.usable
        end(user.server)
        await unusable(line)
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
        await unusable(line)
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
                await unusable(line)
                line.close()

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
