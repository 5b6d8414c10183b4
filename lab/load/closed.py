"""A user in a closed loop: it asks, waits for the answer, and is free to ask again, as long as it lives."""

from __future__ import annotations

from collections.abc import Callable

from lab.clock import Clock, sleep_until, timeout_at
from lab.http.connection import Connection
from lab.http.exchange import Exchange
from lab.load.allowance import Allowance
from lab.load.executors.schedule import FOREVER_NS, Life, cuts
from lab.load.iteration import Iterations
from lab.load.scripted import ScriptedIterations
from lab.load.streak import Streak
from lab.load.user import User


class ClosedLoop:
    """``due`` of a request is the instant at which its user was free: the end of its last answer, or of the pause after
    an outcome that was not ok; of the first in a life, when that begins. ``pause_ns`` draws the pause.
    """

    def __init__(
        self,
        iterations: Iterations | ScriptedIterations,
        allowance: Allowance,
        clock: Clock,
        start_ns: int,
        pause_ns: Callable[[User], int],
    ) -> None:
        self._iterations = iterations
        self._allowance = allowance
        self._clock = clock
        self._start_ns = start_ns
        self._pause_ns = pause_ns
        self.active = 0
        """Users that live now."""

    async def live(self, user: User, lives: tuple[Life, ...]) -> None:
        """Every life, one after the other. An iteration that outlasts its own goes on into the next, as in k6."""
        free_ns = self._start_ns
        try:
            for life, cut_ns in zip(lives, cuts(lives), strict=True):
                free_ns = await self._live_once(user, max(free_ns, self._start_ns + life.begin_ns), life.end_ns, cut_ns)
        finally:
            self._iterations.hang_up(user)

    async def _live_once(self, user: User, due_ns: int, end_ns: int, cut_ns: int) -> int:
        """Returns when it is free again."""
        if due_ns > self._clock.now_ns():
            await sleep_until(self._clock, due_ns)
        self.active += 1
        try:
            if cut_ns == FOREVER_NS:
                return await self._loop(user, due_ns, self._start_ns + end_ns)
            async with timeout_at(self._clock, self._start_ns + cut_ns):
                return await self._loop(user, due_ns, self._start_ns + end_ns)
        except TimeoutError:
            return self._clock.now_ns()
        finally:
            self.active -= 1

    async def _loop(self, user: User, due_ns: int, until_ns: int) -> int:
        take, vu = self._allowance.take, user.vu

        def may(due_ns: int) -> bool:
            return due_ns < until_ns and take(vu)

        iterations = self._iterations
        while may(due_ns):
            ended = await iterations.one(user, due_ns)
            if isinstance(ended, Exchange) and ended.ok and isinstance(user.line, Connection) and may(ended.end_ns):
                assert isinstance(iterations, Iterations), "a script's iterations end otherwise"
                ended = await Streak(iterations, user, user.line, may).run(ended)
            due_ns = ended.end_ns
            if not ended.ok:
                due_ns += self._pause_ns(user)
                await sleep_until(self._clock, min(due_ns, until_ns))
        return due_ns
