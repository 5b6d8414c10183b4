"""A worker that ends under load, its listener inherited: nobody is refused, nobody is reset, nobody goes without an answer."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from target_wire import PATIENCE_S, ask, line, order, own_host, queue_of, request, settings_for

import target.front
from target.asgi import json_reply, send_reply
from target.front import Front, Limits
from target.listener import bind, listen
from target.service import serving

USERS = 20
ENOUGH = 200
"""Answers before and after the worker ends: every user has had several."""


class Users:
    """Half on new connections, half on kept ones, each asks as soon as it is answered; what they saw."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.answered = 0
        self.lost = []
        self._keys = itertools.count()
        self._progress = asyncio.Event()
        self._over = False
        self._tasks = []

    def begin(self):
        self._tasks = [asyncio.create_task(user()) for user in (self._fresh, self._kept) for _ in range(USERS // 2)]

    async def end(self):
        """Each gets its last answer."""
        self._over = True
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self._tasks)

    def cancel(self):
        for task in self._tasks:
            task.cancel()

    async def until_answered(self, more):
        goal = self.answered + more
        async with asyncio.timeout(PATIENCE_S):
            while self.answered < goal:
                self._progress.clear()
                await self._progress.wait()

    async def _fresh(self):
        while not self._over:
            try:
                async with line(self.host, self.port) as connection:
                    await self._ask(connection)
            except (OSError, EOFError, TimeoutError) as error:
                self.lost.append(repr(error))

    async def _kept(self):
        while not self._over:
            try:
                async with line(self.host, self.port) as connection:
                    while not self._over and b"connection: close" not in (await self._ask(connection)).head:
                        pass
            except (OSError, EOFError, TimeoutError) as error:
                self.lost.append(repr(error))

    async def _ask(self, connection):
        answer = await connection.ask(order(f"k{next(self._keys)}"))
        assert answer.status == 200
        self.answered += 1
        self._progress.set()
        return answer


async def until(condition):
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # neither the kernel nor uvicorn tells anybody
            await asyncio.sleep(0)


@pytest.fixture
def held():
    """The listener, as a supervisor holds it."""
    with bind(own_host(), 8080) as sock:
        listen(sock, 1024, defer_accept=False)
        yield sock


@pytest.fixture
async def users(held):
    asking = Users(*held.getsockname())
    yield asking
    asking.cancel()


@pytest.fixture
def worker(held, tmp_path):
    """One more worker on the held listener."""
    health_ports = itertools.count(8081)

    def settings(**changes):
        changes = {"host": held.getsockname()[0], "listen_fd": held.dup().detach(), "health_port": next(health_ports), **changes}
        return settings_for(tmp_path, **changes)

    return lambda **changes: serving(settings(**changes))


@pytest.mark.slow
async def test_under_load_a_worker_that_hands_over_loses_nothing(users, worker):
    async with worker() as leaving:
        users.begin()
        await users.until_answered(ENOUGH)
        async with worker():
            await leaving.front.close(PATIENCE_S)
            await users.until_answered(ENOUGH)
            await users.end()
    assert users.lost == []


@pytest.mark.slow
async def test_under_load_a_restart_with_nobody_in_between_loses_nothing(users, worker):
    users.begin()
    for _ in range(3):
        async with worker(max_connections=5, slots=2):  # most wait in the queue when it ends
            await users.until_answered(ENOUGH // 4)
    async with worker():
        await users.until_answered(ENOUGH)
        await users.end()
    assert users.lost == []


@pytest.mark.slow
async def test_without_the_drain_the_same_users_would_lose_requests(users, worker):
    async with worker(work_ms=50) as leaving:  # somebody is always in flight
        users.begin()
        await users.until_answered(USERS)
        async with worker():
            await leaving.front.close(0)
            await users.until_answered(ENOUGH)
            await users.end()
    assert users.lost


async def test_who_waits_in_the_queue_at_the_end_is_answered_by_the_next_worker(held, worker):
    address = held.getsockname()
    async with worker(max_connections=1) as first, line(*address) as served:
        assert (await served.ask(order("k"))).status == 200
        waiting = [asyncio.create_task(ask(*address, order(f"w{number}"))) for number in range(5)]
        await until(lambda: queue_of(held)[0] == len(waiting))
        await first.front.close(PATIENCE_S)
        assert queue_of(held)[0] == len(waiting)
        async with worker():
            assert [answer.status for answer in await asyncio.gather(*waiting)] == [200] * len(waiting)


async def test_who_was_let_in_and_asks_only_now_is_answered_once_more(held, worker):
    async with worker() as service, line(*held.getsockname()) as new, line(*held.getsockname()) as kept:
        assert (await kept.ask(order("k"))).status == 200
        await until(lambda: len(service.front._state.connections) == 2)
        closing = asyncio.create_task(service.front.close(PATIENCE_S))
        await asyncio.sleep(0)
        for client, key in ((new, "n"), (kept, "m")):
            answer = await client.ask(order(key))
            assert answer.status == 200
            assert b"connection: close" in answer.head
            assert await client.ended() == b""
        await closing


async def test_silent_connections_hold_up_the_end_for_the_linger_only(held, worker):
    loop = asyncio.get_running_loop()
    async with worker() as service, line(*held.getsockname()) as silent, line(*held.getsockname()) as half:
        half.writer.write(b"POST /orders HT")
        await until(lambda: len(service.front._state.connections) == 2)
        begun = loop.time()
        await service.front.close(PATIENCE_S)
        assert target.front.LINGER_S * 0.9 <= loop.time() - begun < PATIENCE_S / 2
        assert await silent.ended() == b""
        assert await half.ended() == b""


async def test_what_a_client_that_has_gone_asked_for_is_done_before_the_end():
    listener = bind(own_host(), 8080)
    begun, go, done = asyncio.Event(), asyncio.Event(), []

    async def slow(scope, receive, send):
        begun.set()
        await go.wait()
        done.append(scope["path"])
        await send_reply(json_reply(200, {}), send)

    front = Front(slow, listener, Limits())
    front.open(16)
    async with line(*listener.getsockname()) as client:
        client.writer.write(request("GET", "/gone"))
        await begun.wait()
    closing = asyncio.create_task(front.close(PATIENCE_S))
    await until(lambda: not front._state.connections)
    go.set()
    await closing
    assert done == ["/gone"]


@pytest.mark.slow
async def test_sigterm_under_load_loses_nothing(held, users, tmp_path):
    """The real process, its listener by its number: what a supervisor does."""
    users.begin()
    for number in range(2):
        with process(held, tmp_path, health_port=9000 + number) as target_process:
            await users.until_answered(ENOUGH)
            target_process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(target_process.wait, PATIENCE_S) == 0
    with process(held, tmp_path, health_port=9002):
        await users.until_answered(ENOUGH)
        await users.end()
    assert users.lost == []


@contextmanager
def process(held, tmp_path, **variables):
    descriptor = held.fileno()
    variables = {
        "host": held.getsockname()[0],
        "listen_fd": descriptor,
        "database_url": f"sqlite:///{tmp_path}/p.db",
        **variables,
    }
    environment = {**os.environ, **{f"TARGET_{name.upper()}": str(value) for name, value in variables.items()}}
    with subprocess.Popen([sys.executable, "-m", "target"], env=environment, pass_fds=[descriptor]) as started:
        try:
            yield started
        finally:
            started.kill()
