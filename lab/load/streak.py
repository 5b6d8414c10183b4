"""Requests of one user on one kept line for as long as every answer is good: the callback that brings an answer sends
the next request, without a future or a turn of the loop in between. Measured: a fifth of the CPU of a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lab.history.model.rows import Via
from lab.http.connection import Connection
from lab.http.exchange import Exchange
from lab.load.iteration import Iterations, Prepared
from lab.load.user import User


class Streak:
    """``may(due_ns)``: may another iteration begin? It is taken then. What ends a streak is left to whoever began it.

    The line has just brought an answer: whether the server has closed it meanwhile is not asked (a system call, 4 % of the
    CPU of a request [M]). Due and start of a request are one instant: the user is free in the callback that asks.
    """

    def __init__(self, iterations: Iterations, user: User, line: Connection, may: Callable[[int], bool]) -> None:
        self._iterations = iterations
        self._user = user
        self._line = line
        self._may = may
        self._ended: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()
        self._asked: Prepared | None = None
        self._exchange: Exchange

    async def run(self, last: Exchange) -> Exchange:
        """From the end of ``last`` on; returns the last exchange of the streak, its row kept. Cancelled, what is in
        flight is recorded as cut and its line closed.
        """
        self._next(last)
        try:
            return await self._ended
        finally:
            if self._asked is not None:
                self._user.hang_up()
                self._iterations.keep_cut(self._asked)

    def _next(self, last: Exchange) -> None:
        if not self._line.open or not self._may(last.end_ns):
            if not self._ended.done():
                self._ended.set_result(last)
            return
        asked = self._asked = self._iterations.prepare(self._user, last.end_ns, last.end_ns, Via.KEPT)
        self._exchange = Exchange(asked.start_ns)
        self._line.begin(self._exchange, asked.payload, asked.expect, asked.answer_by_ns, self._answered)

    def _answered(self) -> None:
        """Called by the loop, which would only log a defect: it is handed to whoever awaits the streak."""
        try:
            self._go_on()
        except Exception as error:
            if not self._ended.done():
                self._ended.set_exception(error)

    def _go_on(self) -> None:
        exchange, asked = self._exchange, self._asked
        assert asked is not None
        self._asked = None
        self._iterations.keep(exchange, asked)
        if not self._line.open:
            self._user.line = None
        if exchange.ok:
            self._next(exchange)
        elif not self._ended.done():
            self._ended.set_result(exchange)
