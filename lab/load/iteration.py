"""One iteration: a user asks for something and waits for the answer; one request, exactly one row, also when it is cut off."""

from __future__ import annotations

import asyncio

from lab.clock import Clock
from lab.history.model.rows import Outcome, Via
from lab.http.exchange import Dialer, Exchange
from lab.load.keeper import Keeper
from lab.load.plan import ShardPlan
from lab.load.user import Menu, Question, User
from lab.nanoseconds import NS_PER_S

Asked = tuple[bytes, Question, int]
"""What is sent, what it asks, and its key. A plain tuple: a named one takes 0.3 µs to make [M]."""


class Iterations:
    """Time-outs run from the instant at which a request was really sent, as they do for users; rows count from ``due``."""

    def __init__(self, plan: ShardPlan, dialer: Dialer, clock: Clock, keeper: Keeper) -> None:
        self._run = plan.run
        self._menu = Menu(plan)
        self._fresh = plan.load.connections == "fresh"
        self._connect_ns = round(plan.load.connect_timeout * NS_PER_S)
        self.answer_ns = round(plan.load.timeout * NS_PER_S)
        """From the start of a request to the end of its user's patience."""
        self._dialer = dialer
        self._clock = clock
        self._keeper = keeper
        self.keep = keeper.record

    def ask(self, user: User) -> Asked:
        """What ``user`` asks next."""
        question = self._menu.choose(user.random)
        key = self._keeper.next_key()
        payload = question.template.render(key, user.vu, user.iteration, self._run, self._fresh)
        user.iteration += 1
        return payload, question, key

    async def one(self, user: User, due_ns: int) -> Exchange:
        via = Via.FRESH if self._fresh else user.pick_up()
        payload, question, key = self.ask(user)
        start_ns = self._clock.now_ns()
        try:
            exchange, user.line = await self._dialer.send(
                payload,
                expect=question.expect,
                connect_by_ns=start_ns + self._connect_ns,
                answer_by_ns=start_ns + self.answer_ns,
                line=user.line,
            )
        except asyncio.CancelledError:
            user.line = None  # the dialer has closed it
            self.keep_cut(start_ns, due_ns, question.index, via, user.vu, key)
            raise
        self.keep(exchange, due_ns, question.index, via, user.vu, key)
        if self._fresh:
            user.hang_up()
        return exchange

    def hang_up(self, user: User) -> None:
        user.hang_up()

    def keep_cut(self, start_ns: int, due_ns: int, request: int, via: Via, vu: int, key: int) -> None:
        """It was in flight, and ends now."""
        self.keep(Exchange(start_ns, end_ns=self._clock.now_ns(), outcome=Outcome.CUT), due_ns, request, via, vu, key)
