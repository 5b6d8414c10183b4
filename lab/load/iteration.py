"""One iteration: a user asks for something and waits for the answer; one request, exactly one row, also when it is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from lab.clock import Clock
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Outcome, Via
from lab.http.exchange import Dialer, Exchange
from lab.load.plan import ShardPlan
from lab.load.user import Menu, User
from lab.nanoseconds import NS_PER_S


class Iterations:
    """Time-outs run from the instant at which a request was really sent, as they do for users; rows count from ``due``."""

    def __init__(self, plan: ShardPlan, dialer: Dialer, clock: Clock, rows: RowBuffer, keys: Iterator[int]) -> None:
        self._run = plan.run
        self._menu = Menu(plan)
        self._fresh = plan.load.connections == "fresh"
        self._connect_ns = round(plan.load.connect_timeout * NS_PER_S)
        self._answer_ns = round(plan.load.timeout * NS_PER_S)
        self._dialer = dialer
        self._clock = clock
        self._rows = rows
        self._keys = keys

    async def one(self, user: User, due_ns: int) -> Exchange:
        question = self._menu.choose(user.random)
        key = next(self._keys)
        payload = question.template.render(key, user.vu, user.iteration, self._run, self._fresh)
        user.iteration += 1
        via = Via.FRESH if self._fresh else user.pick_up()
        now_ns = self._clock.now_ns()
        try:
            exchange, user.line = await self._dialer.send(
                payload,
                expect=question.expect,
                connect_by_ns=now_ns + self._connect_ns,
                answer_by_ns=now_ns + self._answer_ns,
                line=user.line,
            )
        except asyncio.CancelledError:
            user.line = None  # the dialer has closed it
            cut = Exchange(now_ns, end_ns=self._clock.now_ns(), outcome=Outcome.CUT)
            self._rows.add(cut, due_ns, question.index, via, user.vu, key)
            raise
        self._rows.add(exchange, due_ns, question.index, via, user.vu, key)
        if self._fresh:
            user.hang_up()
        return exchange

    def drop(self, due_ns: int) -> None:
        """One that was planned and never begun is not hidden."""
        now_ns = self._clock.now_ns()
        self._rows.add_dropped(due_ns, now_ns, next(self._keys))
