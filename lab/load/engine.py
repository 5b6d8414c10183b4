"""The users of one shard in a closed loop: each sends, waits for the answer, and is free to send again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from lab.clock import Clock, sleep_until
from lab.history.model.rows import Outcome, Row, Via
from lab.http.exchange import Dialer, Exchange, row_of
from lab.load import executors
from lab.load.allowance import Allowance
from lab.load.plan import ShardPlan
from lab.load.user import Menu, User
from lab.nanoseconds import NS_PER_S


class Engine:
    """Runs the users of ``plan`` against ``dialer``; each request becomes exactly one row, as it ends.

    ``due`` of a request is the instant at which its user was free: the end of its last answer, or of the pause after
    an outcome that was not ok. Time-outs run from the instant at which it was really sent, as they do for users.
    Raises ValueError when the plan cannot be carried out.
    """

    def __init__(self, plan: ShardPlan, dialer: Dialer, clock: Clock, on_row: Callable[[Row], None]) -> None:
        planned = executors.plan(plan.load, plan.shard, plan.shards)
        self._plan = plan
        self._menu = Menu(plan)
        self._users = [User(vu, f"{plan.seed}/{plan.scenario}") for vu in planned.vus]
        self._allowance = Allowance(planned.allowance, plan.start_ns, clock)
        self._fresh = plan.load.connections == "fresh"
        self._connect_ns = round(plan.load.connect_timeout * NS_PER_S)
        self._answer_ns = round(plan.load.timeout * NS_PER_S)
        self._keys = itertools.count(plan.first_key)
        self._dialer = dialer
        self._clock = clock
        self._on_row = on_row
        self._tasks: list[asyncio.Task[None]] = []
        self.late_ns = 0
        """How much later than planned the first user started."""

    async def run(self) -> None:
        """Starts every user at ``start_ns``; returns when the last has ended. Shared iterations that none came to begin
        are recorded as ``dropped`` then. A defect of a user ends all and is raised (in an ExceptionGroup).
        """
        await sleep_until(self._clock, self._plan.start_ns)
        self.late_ns = max(0, self._clock.now_ns() - self._plan.start_ns)
        async with asyncio.TaskGroup() as group:
            self._tasks = [group.create_task(self._live(user)) for user in self._users]
        self._drop_the_rest()

    def stop(self) -> None:
        """No new iterations; requests in flight end now and are recorded as ``cut``. At any time, twice too."""
        self._allowance.end()
        for task in self._tasks:
            task.cancel()

    async def _live(self, user: User) -> None:
        due_ns = self._plan.start_ns
        try:
            while self._allowance.take():
                exchange = await self._iterate(user, due_ns)
                due_ns = exchange.end_ns
                if exchange.outcome != Outcome.OK:
                    due_ns += self._pause_ns(user)
                    await sleep_until(self._clock, due_ns)
        finally:
            user.hang_up()

    async def _iterate(self, user: User, due_ns: int) -> Exchange:
        """One request, one row, also when it is cut off."""
        question = self._menu.choose(user.random)
        key = next(self._keys)
        payload = question.template.render(key, user.vu, user.iteration, self._plan.run, self._fresh)
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
            cut = Exchange(now_ns, end_ns=self._clock.now_ns(), outcome=Outcome.CUT)
            self._record(cut, due_ns, question.index, via, user.vu, key)
            raise
        self._record(exchange, due_ns, question.index, via, user.vu, key)
        if self._fresh:
            user.hang_up()
        return exchange

    def _record(self, exchange: Exchange, due_ns: int, request: int, via: Via, vu: int, key: int) -> None:
        scenario = self._plan.scenario
        self._on_row(row_of(exchange, due_ns=due_ns, scenario=scenario, request=request, via=via, vu=vu, key=key))

    def _pause_ns(self, user: User) -> int:
        load = self._plan.load
        return round(load.pause_after_error * user.random.uniform(1 - load.jitter, 1 + load.jitter) * NS_PER_S)

    def _drop_the_rest(self) -> None:
        """An iteration that was planned and never begun is not hidden."""
        now_ns = self._clock.now_ns()
        for _ in range(self._allowance.left):
            row = Row(due_ns=now_ns, outcome=Outcome.DROPPED, scenario=self._plan.scenario, key=next(self._keys))
            self._on_row(row)
