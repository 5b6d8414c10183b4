"""The whole path over real TCP: engine, client, a server that counts."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest
from counting_server import CountingServer, counting_server
from load_plans import shard_plan, shared

from lab.clock import MonotonicClock
from lab.drill.model import Load
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Outcome, Row, Via
from lab.http.client import HttpDialer
from lab.load.engine import Engine


async def burst(server: CountingServer, load: Load) -> list[Row]:
    clock = MonotonicClock(time.monotonic_ns())
    rows = RowBuffer(scenario=2)
    await Engine(shard_plan(load, port=server.port), HttpDialer("127.0.0.1", server.port, clock), clock, rows).run()
    return list(rows.take())


def test_three_hundred_users_at_once_are_three_hundred_requests(runner: asyncio.Runner) -> None:
    async def story() -> None:
        async with counting_server() as server:
            rows = await burst(server, shared(300, 300))
        assert {row.outcome for row in rows} == {Outcome.OK}
        assert server.seen == Counter(row.key for row in rows)
        assert server.seen.total() == 300
        # A user that was served at once may take a second turn on its line; each line is one connection all the same.
        assert server.connections == sum(row.via == Via.FRESH for row in rows)

    runner.run(story())


@pytest.mark.parametrize("connections", ["kept", "fresh"])
def test_no_request_is_sent_or_recorded_twice_whatever_happens_to_it(runner: asyncio.Runner, connections: Any) -> None:
    async def story() -> None:
        async with counting_server(moody=3) as server:
            rows = await burst(server, shared(50, 400, connections=connections, pause_after_error=0.001))
        assert server.seen == Counter(row.key for row in rows)
        assert set(server.seen.values()) == {1}
        lost = sum(row.outcome in (Outcome.CLOSED, Outcome.RESET) for row in rows)
        assert (len(rows), lost) == (400, 400 // 3)
        reopened = sum(row.via == Via.REOPENED for row in rows)
        assert (reopened > 0) == (connections == "kept")

    runner.run(story())
