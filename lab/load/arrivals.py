"""Iterations by a schedule (open model): each begins at its due instant, whatever became of the earlier ones."""

from __future__ import annotations

import asyncio

from lab.clock import Clock, timeout_at
from lab.load.executors.schedule import Open
from lab.load.iteration import Iterations
from lab.load.keeper import Keeper
from lab.load.scripted import ScriptedIterations
from lab.load.user import User
from lab.nanoseconds import NS_PER_S


class OpenLoop:
    """Nobody free at an iteration's instant: it is dropped, never made up, and one of the spare users comes in for the next."""

    def __init__(
        self,
        iterations: Iterations | ScriptedIterations,
        keeper: Keeper,
        plan: Open,
        users: dict[int, User],
        clock: Clock,
        start_ns: int,
    ) -> None:
        self._iterations = iterations
        self._keeper = keeper
        self._plan = plan
        self._clock = clock
        self._start_ns = start_ns
        self._free = [users[vu] for vu in reversed(plan.vus)]
        self._spare = [users[vu] for vu in reversed(plan.spare)]
        self._everybody = list(users.values())
        self.active = 0
        """Iterations in flight."""

    async def run(self) -> None:
        """Returns when the last iteration has ended, or was cut. A defect of an iteration ends all and is raised."""
        try:
            async with timeout_at(self._clock, self._start_ns + self._plan.cut_ns), asyncio.TaskGroup() as group:
                for due_ns in self._plan.arrivals:
                    await self._until(self._start_ns + due_ns)
                    self._begin(group, self._start_ns + due_ns)
        except TimeoutError:
            pass  # what was in flight has its rows: they say cut
        finally:
            for user in self._everybody:
                self._iterations.hang_up(user)

    async def _until(self, due_ns: int) -> None:
        """uvloop's timers come up to 1 ms early: asked again until it is time; behind its schedule it asks nobody."""
        left_ns = due_ns - self._clock.now_ns()
        while left_ns > 0:
            await asyncio.sleep(left_ns / NS_PER_S)
            left_ns = due_ns - self._clock.now_ns()

    def _begin(self, group: asyncio.TaskGroup, due_ns: int) -> None:
        if not self._free:
            self._keeper.drop(due_ns)
            if self._spare:
                self._free.append(self._spare.pop())
            return
        group.create_task(self._one(self._free.pop(), due_ns))

    async def _one(self, user: User, due_ns: int) -> None:
        self.active += 1
        try:
            await self._iterations.one(user, due_ns)
        finally:
            self.active -= 1
        self._free.append(user)
