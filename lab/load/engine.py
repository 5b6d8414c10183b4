"""The users of one shard, from the first instant to the last row."""

from __future__ import annotations

import asyncio

from lab.clock import Clock, sleep_until, timeout_at
from lab.history.model.buffer import RowBuffer
from lab.http.exchange import Dialer
from lab.load import executors
from lab.load.allowance import Allowance
from lab.load.arrivals import OpenLoop
from lab.load.closed import ClosedLoop
from lab.load.executors.schedule import FOREVER_NS, Closed, Open
from lab.load.iteration import Iterations
from lab.load.keeper import Keeper
from lab.load.plan import ShardPlan
from lab.load.scripted import ScriptedIterations
from lab.load.unexpected import Collector
from lab.load.user import User
from lab.nanoseconds import NS_PER_S

AT_ONCE = 8
"""Users that begin before the loop looks whether somebody has been answered; or a quarter of those at work where that is more,
for they may all have been: 1,000 users whom a fast server keeps busy took 2.4 s to begin, and take 0.5 [M]."""


class Engine:
    """Runs the users of ``plan`` against ``dialer``; each request becomes exactly one row of ``rows``, as it ends.

    Raises ValueError when the plan cannot be carried out.
    """

    def __init__(self, plan: ShardPlan, dialer: Dialer, clock: Clock, rows: RowBuffer) -> None:
        self._plan = plan
        self._users_plan = executors.plan(plan.load, plan.shard, plan.shards)
        self._cut_ns = FOREVER_NS
        if isinstance(self._users_plan, Closed):
            self._users_plan, self._cut_ns = self._users_plan.cut_at_once()
        self.unexpected = Collector(plan.scenario)
        """The first answers of each kind that nobody expected, to be taken now and then."""
        self._keeper = Keeper(rows, self.unexpected, clock, plan.first_key)
        kind = ScriptedIterations if plan.load.python else Iterations
        self._iterations = kind(plan, dialer, clock, self._keeper)
        self._clock = clock
        self._start_ns = plan.start_ns + round(plan.load.start_time * NS_PER_S)
        self._users = self._everybody()  # now: drawing their seeds takes 2 ms for 300 of them [M], which a burst has not
        self._running: asyncio.Task[None] | None = None
        self._stopped = False
        self._loop: ClosedLoop | OpenLoop | None = None
        self.late_ns = 0
        """How much later than planned the first user started."""

    async def run(self) -> None:
        """Starts every user at its instant; returns when the last has ended, or after :meth:`stop`. Of a closed loop that has
        begun, iterations that were planned and that none came to begin are recorded as ``dropped`` then. A defect of a user
        ends all and is raised.
        """
        if self._stopped:
            return
        self._running = asyncio.ensure_future(self._run())
        try:
            await self._running
        except asyncio.CancelledError:
            if not self._stopped:
                self._running.cancel()
                raise

    def stop(self) -> None:
        """No new iterations; requests in flight end now and are recorded as ``cut``. At any time, twice too."""
        self._stopped = True
        if self._running is not None:
            self._running.cancel()

    async def _run(self) -> None:
        await sleep_until(self._clock, self._start_ns)
        self.late_ns = max(0, self._clock.now_ns() - self._start_ns)
        match self._users_plan:
            case Closed() as plan:
                await self._run_closed(plan)
            case Open() as plan:
                self._loop = loop = OpenLoop(self._iterations, self._keeper, plan, self._users, self._clock, self._start_ns)
                await loop.run()

    async def _run_closed(self, plan: Closed) -> None:
        allowance = Allowance(plan)
        self._loop = loop = ClosedLoop(self._iterations, allowance, self._clock, self._start_ns, self._pause_ns)
        try:
            async with timeout_at(self._clock, self._start_ns + self._cut_ns), asyncio.TaskGroup() as group:
                more = AT_ONCE
                for vu, lives in plan.lives.items():
                    group.create_task(loop.live(self._users[vu], lives))
                    more -= 1
                    if more == 0:
                        await asyncio.sleep(0)
                        more = max(AT_ONCE, loop.active // 4)
        except TimeoutError:
            pass  # what was in flight has its rows: they say cut
        finally:
            now_ns = self._clock.now_ns()
            for _ in range(allowance.left):
                self._keeper.drop(now_ns)

    @property
    def script(self) -> ScriptedIterations | None:
        """Where a script asks."""
        return self._iterations if isinstance(self._iterations, ScriptedIterations) else None

    @property
    def active(self) -> int:
        """Users at work now."""
        return self._loop.active if self._loop else 0

    def _everybody(self) -> dict[int, User]:
        plan = self._users_plan
        numbers = plan.lives if isinstance(plan, Closed) else (*plan.vus, *plan.spare)
        return {vu: User(vu, f"{self._plan.seed}/{self._plan.scenario}") for vu in numbers}

    def _pause_ns(self, user: User) -> int:
        load = self._plan.load
        return round(load.pause_after_error * user.random.uniform(1 - load.jitter, 1 + load.jitter) * NS_PER_S)
