"""One iteration: a user asks for something and waits for the answer; one request, exactly one row, also when it is cut off."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from lab.clock import Clock
from lab.history.model.rows import Outcome, Via
from lab.http.exchange import Dialer, Exchange
from lab.load.keeper import Keeper
from lab.load.plan import ShardPlan
from lab.load.user import Menu, User
from lab.nanoseconds import NS_PER_S


class Prepared(NamedTuple):
    """A request on its way."""

    payload: bytes
    expect: frozenset[int]
    due_ns: int
    start_ns: int
    answer_by_ns: int
    request: int
    via: Via
    vu: int
    key: int


class Iterations:
    """Time-outs run from the instant at which a request was really sent, as they do for users; rows count from ``due``."""

    def __init__(self, plan: ShardPlan, dialer: Dialer, clock: Clock, keeper: Keeper) -> None:
        self._run = plan.run
        self._menu = Menu(plan)
        self._fresh = plan.load.connections == "fresh"
        self._connect_ns = round(plan.load.connect_timeout * NS_PER_S)
        self._answer_ns = round(plan.load.timeout * NS_PER_S)
        self._dialer = dialer
        self._clock = clock
        self._keeper = keeper

    def prepare(self, user: User, due_ns: int, start_ns: int, via: Via) -> Prepared:
        """What ``user`` asks next."""
        question = self._menu.choose(user.random)
        key = self._keeper.next_key()
        payload = question.template.render(key, user.vu, user.iteration, self._run, self._fresh)
        user.iteration += 1
        answer_by_ns = start_ns + self._answer_ns
        return Prepared(payload, question.expect, due_ns, start_ns, answer_by_ns, question.index, via, user.vu, key)

    async def one(self, user: User, due_ns: int) -> Exchange:
        via = Via.FRESH if self._fresh else user.pick_up()
        asked = self.prepare(user, due_ns, self._clock.now_ns(), via)
        try:
            exchange, user.line = await self._dialer.send(
                asked.payload,
                expect=asked.expect,
                connect_by_ns=asked.start_ns + self._connect_ns,
                answer_by_ns=asked.answer_by_ns,
                line=user.line,
            )
        except asyncio.CancelledError:
            user.line = None  # the dialer has closed it
            self.keep_cut(asked)
            raise
        self.keep(exchange, asked)
        if self._fresh:
            user.hang_up()
        return exchange

    def hang_up(self, user: User) -> None:
        user.hang_up()

    def keep(self, exchange: Exchange, asked: Prepared) -> None:
        self._keeper.record(exchange, asked.due_ns, asked.request, asked.via, asked.vu, asked.key)

    def keep_cut(self, asked: Prepared) -> None:
        self.keep(Exchange(asked.start_ns, end_ns=self._clock.now_ns(), outcome=Outcome.CUT), asked)
