"""The simulated load, in closed form: after the run, the users' loops are played against the conditions that held."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from lab.clock import sleep_until
from lab.history.model.rows import Outcome, Row, Via
from lab.http.exchange import Exchange, row_of
from lab.load import executors
from lab.load.allowance import Allowance
from lab.load.executors.schedule import FOREVER_NS, Closed, Open, cuts
from lab.load.plan import ShardPlan
from lab.nanoseconds import NS_PER_S, NS_PER_US
from lab.runtimes.base import LoadReport, LoadTick, Users
from lab.runtimes.fake.outcomes import loss, of_status
from lab.runtimes.fake.world import CONNECT_NS, Condition, World


@dataclass
class FakeUser:
    """``line``: the generation of the service that its kept connection leads to, None: it has none."""

    vu: int
    rng: random.Random
    line: int | None = None
    had_line: bool = False

    def pick_up(self, condition: Condition) -> Via:
        """As a real user: a line that the service has closed is opened again."""
        if self.line != condition.generation or not condition.up:
            self.line = None
        via = Via.KEPT if self.line is not None else Via.REOPENED if self.had_line else Via.FRESH
        self.had_line = True
        return via


@dataclass(frozen=True)
class FakeStandby:
    """There is no process to wait for."""

    begin: Callable[[ShardPlan], Users]

    async def ready(self) -> None:
        """It is."""

    async def end(self) -> None:
        """Nothing runs."""


class FakeUsers:
    """The load of a stage; costs nothing while the stage runs."""

    def __init__(self, world: World, plan: ShardPlan) -> None:
        self._world = world
        self._plan = plan
        self._keys = count(plan.first_key)
        self._requests = {name: (index, request) for index, name, request in plan.requests}

    @property
    def latest(self) -> LoadTick:
        return LoadTick()

    async def stop(self) -> LoadReport:
        return LoadReport(rows=list(self._rows(self._world.clock.now_ns())))

    async def until_dead(self) -> str:
        await asyncio.Event().wait()
        return "never"

    async def until_over(self) -> None:
        """By its plan, played against what holds now: a stage that waits for its load has no fault that could change it."""
        if self._plan.load.length_s is None:
            await asyncio.Event().wait()  # it has no end of its own
        last_ns = max((row.due_ns + row.end_us * NS_PER_US for row in self._played()), default=0)
        await sleep_until(self._world.clock, last_ns + NS_PER_US)  # a row counts in whole µs, rounded down

    def _played(self) -> list[Row]:
        """Without consequences: what it stores is taken back, and its keys are given again."""
        stored, counts = len(self._world.stored), self._world.counts.copy()
        rows = list(self._rows(FOREVER_NS))
        del self._world.stored[stored:]
        self._world.counts = counts
        self._keys = count(self._plan.first_key)
        return rows

    def _rows(self, stop_ns: int) -> Iterator[Row]:
        """The user that is free first is next, so that they share iterations and stock as those of a shard do."""
        plan = self._plan
        start_ns = plan.start_ns + round(plan.load.start_time * NS_PER_S)
        match executors.plan(plan.load, plan.shard, plan.shards):
            case Closed() as users:
                yield from self._closed(users, start_ns, stop_ns)
            case Open() as users:
                yield from self._open(users, start_ns, stop_ns)

    def _closed(self, plan: Closed, start_ns: int, stop_ns: int) -> Iterator[Row]:
        allowance = Allowance(plan)
        lives = {vu: deque(zip(each, cuts(each), strict=True)) for vu, each in plan.lives.items()}
        users = {vu: self._user(vu) for vu in lives}
        free = [(start_ns + each[0].begin_ns, vu) for vu, each in plan.lives.items() if each]
        heapq.heapify(free)
        while free and free[0][0] < stop_ns:
            due_ns, vu = heapq.heappop(free)
            while lives[vu] and start_ns + lives[vu][0][0].end_ns <= due_ns:
                lives[vu].popleft()
            if not lives[vu]:
                continue
            life, cut_ns = lives[vu][0]
            if (begin_ns := start_ns + life.begin_ns) > due_ns:
                heapq.heappush(free, (begin_ns, vu))
                continue
            if not allowance.take(vu):
                continue
            exchange, row = self._iterate(users[vu], due_ns, min(stop_ns, start_ns + cut_ns))
            yield row
            heapq.heappush(free, (exchange.end_ns + self._pause_ns(users[vu], exchange), vu))
        last_ns = min(stop_ns, start_ns + max((life.end_ns for each in plan.lives.values() for life in each), default=0))
        yield from (self._dropped(last_ns) for _ in range(allowance.left))

    def _open(self, plan: Open, start_ns: int, stop_ns: int) -> Iterator[Row]:
        free = [(start_ns, vu) for vu in plan.vus]
        heapq.heapify(free)
        spare = list(reversed(plan.spare))
        users = {vu: self._user(vu) for vu in (*plan.vus, *plan.spare)}
        for after_ns in plan.arrivals:
            due_ns = start_ns + after_ns
            if due_ns >= stop_ns:
                return
            if not free or free[0][0] > due_ns:
                yield self._dropped(due_ns)
                if spare:
                    heapq.heappush(free, (due_ns, spare.pop()))
                continue
            _, vu = heapq.heappop(free)
            exchange, row = self._iterate(users[vu], due_ns, min(stop_ns, start_ns + plan.cut_ns))
            yield row
            heapq.heappush(free, (exchange.end_ns, vu))

    def _user(self, vu: int) -> FakeUser:
        return FakeUser(vu, random.Random(self._plan.seed * 1_000_003 + vu))

    def _dropped(self, due_ns: int) -> Row:
        return Row(due_ns=due_ns, end_us=0, outcome=Outcome.DROPPED, scenario=self._plan.scenario, key=next(self._keys))

    def _pause_ns(self, user: FakeUser, exchange: Exchange) -> int:
        load = self._plan.load
        if exchange.outcome is Outcome.OK:
            return 0
        return round(load.pause_after_error * user.rng.uniform(1 - load.jitter, 1 + load.jitter) * NS_PER_S)

    def _iterate(self, user: FakeUser, due_ns: int, stop_ns: int) -> tuple[Exchange, Row]:
        load, key = self._plan.load, next(self._keys)
        name = user.rng.choices(list(load.request), list(load.request.values()))[0]
        condition = self._world.at(due_ns)
        via = Via.FRESH if load.connections == "fresh" else user.pick_up(condition)
        exchange = Exchange(start_ns=due_ns)
        self._meet(exchange, user, condition, via, name, key, stop_ns)
        answered = exchange.first_byte_ns is not None
        user.line = condition.generation if answered and load.connections == "kept" else None
        row = row_of(
            exchange, due_ns=due_ns, scenario=self._plan.scenario, request=self._requests[name][0], via=via, vu=user.vu, key=key
        )
        return exchange, row

    def _meet(
        self, exchange: Exchange, user: FakeUser, condition: Condition, via: Via, name: str, key: int, stop_ns: int
    ) -> None:
        """Fills in the exchange. One that is connected ends with the process that it is connected to."""
        world, load, start_ns, fresh = self._world, self._plan.load, exchange.start_ns, via is not Via.KEPT
        connect_by_ns, answer_by_ns = (start_ns + round(s * NS_PER_S) for s in (load.connect_timeout, load.timeout))
        connected_ns = accepted_ns = start_ns + (CONNECT_NS + round(load.round_trip * NS_PER_S)) * fresh
        if queued := fresh and world.queues and not condition.up:
            accepted_ns = max(connected_ns, world.up_after(start_ns) or FOREVER_NS)
        symptom = None if queued else world.meets(condition, "fresh" if fresh else "kept", user.rng)
        lost = loss(condition.up or queued, symptom, fresh=fresh, connect_by_ns=connect_by_ns, answer_by_ns=answer_by_ns)
        done_ns = accepted_ns + round(world.answer_s(user.rng, load.vus, condition.workers) * NS_PER_S)
        if lost is None and user.rng.random() < world.traits.background:
            outcome, end_ns = Outcome.RESET, done_ns
        elif lost is None:
            outcome, end_ns = (Outcome.OK, done_ns) if done_ns <= answer_by_ns else (Outcome.TIMEOUT, answer_by_ns)
        else:
            outcome, end_ns = lost.outcome, lost.at_ns or (done_ns if lost.commits else connected_ns)
        connected = lost is None or lost.connected
        gone_ns = world.gone_after(start_ns) if connected and condition.up else None
        if gone_ns is not None and gone_ns < end_ns:
            outcome, end_ns = Outcome.RESET, max(gone_ns, connected_ns)
        if end_ns > stop_ns:
            outcome, end_ns = Outcome.CUT, stop_ns
        exchange.outcome, exchange.end_ns = outcome, end_ns
        if connected and connected_ns <= end_ns:
            exchange.connected_ns = exchange.sent_ns = connected_ns
        if lost is not None and lost.commits and done_ns <= end_ns:
            world.store(name, key)
        if outcome is Outcome.OK:
            exchange.first_byte_ns = end_ns
            exchange.status = world.store(name, key)
            exchange.outcome = of_status(exchange.status, self._requests[name][1].expect)
