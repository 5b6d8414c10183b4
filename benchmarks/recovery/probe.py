"""The same questions to every supervisor's target: 100 new connections a second, and four kept ones that ask ten times each."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from benchmarks.recovery.trial import Asked
from lab.clock import MonotonicClock, sleep_until
from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer
from lab.http.exchange import Line
from lab.nanoseconds import NS_PER_S

RATE, KEPT, KEPT_RATE = 100, 4, 10
LIMIT_NS = NS_PER_S
_BODY = b'{"item":1,"quantity":1}'
_FOR_KEY = (
    b"POST /orders HTTP/1.1\r\nHost: target\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Idempotency-Key: %032x\r\n%s\r\n%s"
)


class Probe:
    """``asked`` grows as answers come; times are of CLOCK_MONOTONIC."""

    def __init__(self, port: int) -> None:
        self.asked: list[Asked] = []
        self._clock = MonotonicClock(0)
        self._dialer = HttpDialer("127.0.0.1", port, self._clock)
        self._keys = count(time.time_ns())
        self._open: set[asyncio.Task[None]] = set()
        self._waiting: Counter[int] = Counter()

    async def ask(self, due_ns: int, line: Line | None = None, *, kept: bool = False) -> Line | None:
        """One order, all of it within 1 s of ``due_ns``; the connection comes back where it is kept and still open."""
        close = b"" if kept else b"Connection: close\r\n"
        payload = _FOR_KEY % (len(_BODY), next(self._keys), close, _BODY)
        by_ns = due_ns + LIMIT_NS
        self._waiting[due_ns] += 1
        exchange, line = await self._dialer.send(
            payload, expect=frozenset({200}), connect_by_ns=by_ns, answer_by_ns=by_ns, line=line
        )
        good, refused = exchange.outcome is Outcome.OK, exchange.outcome is Outcome.CONNECT_REFUSED
        self._waiting[due_ns] -= 1
        self.asked.append(Asked(due_ns, self._clock.now_ns(), good, refused, kept))
        if line is not None and not kept:
            line.close()
        return line

    def waits_since_before(self, t_ns: int) -> bool:
        """Has something that was due before then no answer yet?"""
        return any(waiting and due_ns < t_ns for due_ns, waiting in self._waiting.items())

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """New connections in an open loop: a request that nobody answers keeps none of the next from being sent. What the probe
        itself fails of is raised at the end."""
        loops = [asyncio.ensure_future(each) for each in (self._fresh(), *(self._kept() for _ in range(KEPT)))]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            ended = await asyncio.gather(*loops, *self._open, return_exceptions=True)
            for each in ended:
                if isinstance(each, Exception):
                    raise each

    async def _fresh(self) -> None:
        begin_ns = self._clock.now_ns()
        for number in count():
            due_ns = begin_ns + number * NS_PER_S // RATE
            await sleep_until(self._clock, due_ns)
            task = asyncio.ensure_future(self._once(due_ns))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def _once(self, due_ns: int) -> None:
        await self.ask(due_ns)

    async def _kept(self) -> None:
        line: Line | None = None
        while True:
            line = await self.ask(self._clock.now_ns(), line, kept=True)
            await asyncio.sleep(1 / KEPT_RATE)
