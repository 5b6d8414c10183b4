"""The instrument: a small open-model stream of requests, half on fresh connections, half on kept ones.

The i-th request is due at ``begin + i / rate``, whatever the earlier ones did; even ones dial, odd ones use the next
free kept line. A kept line that broke is opened again by the request that needed it (``reopened``: in neither class).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lab.clock import Clock, sleep_until
from lab.drill.model import Probe as ProbeSettings
from lab.history.model.rows import Outcome, Row, Via
from lab.http.exchange import Dialer, Line, row_of
from lab.http.template import Template
from lab.nanoseconds import NS_PER_S

NOTICED_NS = 60_000_000
"""A give-up that the loop noticed later than this came in a stall over 50 ms, and is judged by nobody."""


@dataclass(frozen=True)
class Question:
    """What the probe asks: the request, ready to be filled in, and what its rows are marked with."""

    template: Template
    expect: frozenset[int]
    request: int
    scenario: int
    run: str
    first_key: int


class Probe:
    """Sends until told to stop. Rows go to ``on_row`` as they end; ``earliest_unknown_ns`` bounds what is still to come."""

    def __init__(
        self, settings: ProbeSettings, question: Question, dialer: Dialer, clock: Clock, on_row: Callable[[Row], None]
    ) -> None:
        self._settings = settings
        self._question = question
        self._dialer = dialer
        self._clock = clock
        self._on_row = on_row
        self._free: deque[Line | None] = deque()
        self._in_flight: dict[asyncio.Task[None], int] = {}
        self._sent = 0

    async def open_kept(self) -> None:
        """Opens the kept lines, one request each, all at once, before the load may crowd them out; these requests are in no
        figure."""
        now_ns = self._clock.now_ns()
        first = [self._send(None, now_ns, self._next_key(), close=False) for _ in range(self._settings.kept)]
        self._free.extend(line for _, line in await asyncio.gather(*first))

    async def run(self) -> None:
        """The schedule; returns only by being cancelled. Requests in flight go on, see :meth:`drain`."""
        begin_ns = self._clock.now_ns()
        step_ns = NS_PER_S / self._settings.rate
        i = 0
        while True:
            due_ns = begin_ns + round(i * step_ns)
            await sleep_until(self._clock, due_ns)
            task = asyncio.ensure_future(self._one(due_ns, fresh=i % 2 == 0))
            self._in_flight[task] = due_ns
            task.add_done_callback(self._landed)
            i += 1

    def _landed(self, task: asyncio.Task[None]) -> None:
        del self._in_flight[task]
        if not task.cancelled():
            task.result()  # a defect of the probe itself must not pass for an answer of the target

    def earliest_unknown_ns(self, now_ns: int) -> int:
        """No request that is still in flight can have become known before this instant: the watermark of known order."""
        return min([now_ns, *(self._known_by_ns(due_ns, now_ns) for due_ns in self._in_flight.values())])

    def _known_by_ns(self, due_ns: int, now_ns: int) -> int:
        """When a request in flight is given up. One that is well past ``connect`` and still there has its connection."""
        connect_by_ns = due_ns + round(self._settings.connect * NS_PER_S)
        return connect_by_ns if now_ns <= connect_by_ns + NOTICED_NS else due_ns + round(self._settings.slow * NS_PER_S)

    async def drain(self) -> None:
        """Waits for what is in flight; every request gives up by itself after ``slow``. Then closes the kept lines."""
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        for line in self._free:
            if line is not None:
                line.close()
        self._free.clear()

    def cut(self) -> None:
        """Ends what is in flight at once: its rows say ``cut``."""
        for task in self._in_flight:
            task.cancel()

    async def _one(self, due_ns: int, *, fresh: bool) -> None:
        held = None if fresh or not self._free else self._free.popleft()
        line = held if held is not None and held.usable else None
        if held is not None and line is None:
            held.close()
        via = Via.FRESH if fresh else Via.KEPT if line is not None else Via.REOPENED
        key = self._next_key()
        try:
            row, line = await self._send(line, due_ns, key, close=fresh, via=via)
        except asyncio.CancelledError:
            self._on_row(self._cut_row(due_ns, via, key))
            raise
        self._keep_or_close(line, keep=not fresh)
        self._on_row(row)

    def _next_key(self) -> int:
        self._sent += 1
        return self._question.first_key + self._sent

    def _cut_row(self, due_ns: int, via: Via, key: int) -> Row:
        """It was sent, perhaps, and nobody will know what came of it: in doubt."""
        now_us = (self._clock.now_ns() - due_ns) // 1000
        asked = self._question
        return Row(
            due_ns=due_ns, start_us=0, sent_us=0, end_us=now_us, outcome=Outcome.CUT, via=via,
            scenario=asked.scenario, request=asked.request, key=key,
        )  # fmt: skip

    def _keep_or_close(self, line: Line | None, *, keep: bool) -> None:
        if keep and len(self._free) < self._settings.kept:
            self._free.append(line)
        elif line is not None:
            line.close()

    async def _send(
        self, line: Line | None, due_ns: int, key: int, *, close: bool, via: Via = Via.KEPT
    ) -> tuple[Row, Line | None]:
        asked = self._question
        payload = asked.template.render(key=key, vu=0, iteration=key - asked.first_key, run=asked.run, close=close)
        exchange, line = await self._dialer.send(
            payload,
            expect=asked.expect,
            connect_by_ns=due_ns + round(self._settings.connect * NS_PER_S),
            answer_by_ns=due_ns + round(self._settings.slow * NS_PER_S),
            line=line,
        )
        return row_of(exchange, due_ns=due_ns, scenario=asked.scenario, request=asked.request, via=via, key=key), line
