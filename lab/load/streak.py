"""Requests of one user on one kept line for as long as every answer is good: the callback that brings an answer sends
the next request, without a future or a turn of the loop in between. Measured: a fifth of the CPU of a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lab.history.model.rows import Via
from lab.http.connection import Connection
from lab.http.exchange import Exchange
from lab.load.iteration import Iterations
from lab.load.user import User

_KEPT = Via.KEPT


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
        self._asking = False
        self._due_ns = self._request = self._key = 0
        self._exchange: Exchange

    async def run(self, last: Exchange) -> Exchange:
        """From the end of ``last`` on, with an iteration that is taken already; returns the last exchange of the streak, its
        row kept. Cancelled, what is in flight is recorded as cut and its line closed. ``last`` is used again for the next
        requests.
        """
        self._exchange = last
        self._ask()
        try:
            return await self._ended
        finally:
            if self._asking:
                self._user.hang_up()
                self._iterations.keep_cut(self._due_ns, self._due_ns, self._request, _KEPT, self._user.vu, self._key)

    def _ask(self) -> None:
        exchange = self._exchange
        now_ns = exchange.end_ns
        payload, question, self._key = self._iterations.ask(self._user)
        self._request = question.index
        self._due_ns = now_ns
        self._asking = True
        exchange.again(now_ns)
        self._line.begin(exchange, payload, question.expect, now_ns + self._iterations.answer_ns, self._answered)

    def _answered(self) -> None:
        """Called by the loop, which would only log a defect: it is handed to whoever awaits the streak."""
        try:
            self._go_on()
        except Exception as error:
            if not self._ended.done():
                self._ended.set_exception(error)

    def _go_on(self) -> None:
        exchange = self._exchange
        self._asking = False
        self._iterations.keep(exchange, self._due_ns, self._request, _KEPT, self._user.vu, self._key)
        if not self._line.open:
            self._user.line = None
            self._end()
        elif exchange.ok and self._may(exchange.end_ns):
            self._ask()
        else:
            self._end()

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(self._exchange)
