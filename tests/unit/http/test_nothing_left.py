"""What is cancelled or done leaves no connection, no socket and nothing to collect."""

from __future__ import annotations

import asyncio
import gc
import os

import pytest
from fault_server import until
from http_user import CLOCK, EXPECT, Run, User, alive

from lab.http.answer import Answer
from lab.http.client import HttpDialer
from lab.http.connection import Connection
from lab.nanoseconds import NS_PER_MS


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
            assert alive(Connection, Answer) <= 10, "connections live on although nobody holds them"
        finally:
            gc.enable()

    run(story)
