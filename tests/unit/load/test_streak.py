"""Requests on a kept line without a turn of the loop in between, over real TCP: what ends a streak, and that nothing is lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest
from counting_server import counting_server
from load_plans import constant, shard_plan

from lab.clock import MonotonicClock
from lab.drill.model import Load
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Outcome, Row, Via
from lab.http.client import HttpDialer
from lab.load.engine import Engine


async def rows_of(port: int, load: Load, stop_after_s: float | None = None) -> list[Row]:
    clock = MonotonicClock(time.monotonic_ns())
    rows = RowBuffer(scenario=2)
    engine = Engine(shard_plan(load, port=port), HttpDialer("127.0.0.1", port, clock), clock, rows)
    if stop_after_s is not None:
        asyncio.get_running_loop().call_later(stop_after_s, engine.stop)
    await engine.run()
    return list(rows.take())


def test_a_user_stays_on_its_line_and_is_due_when_it_was_answered(runner: asyncio.Runner) -> None:
    async def story() -> None:
        async with counting_server() as server:
            rows = await rows_of(server.port, constant(1, executor="per-vu-iterations", iterations=50))
        assert (len(rows), server.connections) == (50, 1)
        assert [row.via for row in rows] == [Via.FRESH, *[Via.KEPT] * 49]
        ends_us = [row.due_ns // 1000 + row.end_us for row in rows]
        assert all(abs(row.due_ns // 1000 - end_us) <= 1 for row, end_us in zip(rows[1:], ends_us, strict=False))

    runner.run(story())


def test_a_lost_line_ends_a_streak_and_the_next_begins_on_a_new_one(runner: asyncio.Runner) -> None:
    async def story() -> None:
        async with counting_server(moody=10) as server:
            rows = await rows_of(server.port, constant(1, executor="per-vu-iterations", iterations=40, pause_after_error=0.001))
        assert len(rows) == 40
        assert server.seen == Counter(row.key for row in rows)
        assert Counter(row.via for row in rows) == {Via.FRESH: 1, Via.REOPENED: 3, Via.KEPT: 36}
        assert sum(row.outcome != Outcome.OK for row in rows) == 4

    runner.run(story())


def test_a_streak_ends_with_its_duration(runner: asyncio.Runner) -> None:
    async def story() -> None:
        async with counting_server() as server:
            rows = await rows_of(server.port, constant(3, duration=0.1, graceful_stop=5.0))
        assert {row.outcome for row in rows} == {Outcome.OK}
        assert max(row.due_ns for row in rows) < 100_000_000
        assert server.seen == Counter(row.key for row in rows)

    runner.run(story())


def test_stopped_in_a_streak_each_user_has_one_row_that_says_cut(runner: asyncio.Runner) -> None:
    async def story() -> None:
        async with counting_server() as server:
            rows = await rows_of(server.port, constant(5), stop_after_s=0.1)
        assert sum(row.outcome == Outcome.CUT for row in rows) == 5
        assert len({row.key for row in rows}) == len(rows)
        assert set(server.seen) <= {row.key for row in rows}

    runner.run(story())


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]
)
def test_what_is_not_good_ends_a_streak_and_is_followed_by_the_pause(runner: asyncio.Runner, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", answer):
            await reader.readuntil(b'"}')
            writer.write(reply)
        writer.close()

    async def story() -> None:
        server: Any = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        rows = await rows_of(port, constant(1, executor="per-vu-iterations", iterations=3, pause_after_error=0.05, timeout=1.0))
        server.close()
        assert [row.outcome == Outcome.OK for row in rows] == [True, False, True]
        assert rows[2].due_ns - (rows[1].due_ns + rows[1].end_us * 1000) == pytest.approx(50_000_000, abs=2000)

    runner.run(story())
