"""The simulated load, in closed form: after the run, each user's loop is played against the conditions that held."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from itertools import count

from lab.clock import NS_PER_S
from lab.history.model.rows import NEVER, Outcome, Row, Via
from lab.load.plan import ShardPlan
from lab.runtimes.base import LoadReport, LoadTick
from lab.runtimes.fake.world import World

_OUTCOMES = {"reset": Outcome.RESET, "hang": Outcome.TIMEOUT, "slow": Outcome.TIMEOUT, "refuse": Outcome.CONNECT_REFUSED}


class FakeUsers:
    """The load of a stage; costs nothing while the stage runs."""

    def __init__(self, world: World, plan: ShardPlan) -> None:
        self._world = world
        self._plan = plan
        self._keys = count(plan.first_key)
        self._iterations_left = plan.load.iterations

    @property
    def latest(self) -> LoadTick:
        return LoadTick()

    async def stop(self) -> LoadReport:
        stop_ns = self._world.clock.now_ns()
        rows = [row for vu in range(self._plan.load.vus) for row in self._user(vu, stop_ns)]
        return LoadReport(rows=rows)

    async def until_dead(self) -> str:
        await asyncio.Event().wait()
        return "never"

    def _user(self, vu: int, stop_ns: int) -> Iterator[Row]:
        load = self._plan.load
        rng = random.Random(self._plan.seed * 1_000_003 + vu)
        names, weights = list(load.request), list(load.request.values())
        indices = {name: index for index, name, _ in self._plan.requests}
        t_ns = self._plan.start_ns
        while t_ns < stop_ns and self._takes_one():
            name = rng.choices(names, weights)[0]
            row = self._request(rng, t_ns, vu, name, indices[name])
            if t_ns + row.end_us * 1000 > stop_ns:
                return  # in flight at the stop
            yield row
            t_ns += row.end_us * 1000
            if row.outcome is not Outcome.OK:
                pause_s = load.pause_after_error * (1 + load.jitter * (2 * rng.random() - 1))
                t_ns += round(pause_s * NS_PER_S)

    def _takes_one(self) -> bool:
        if self._iterations_left is None:
            return True
        self._iterations_left -= 1
        return self._iterations_left >= 0

    def _request(self, rng: random.Random, t_ns: int, vu: int, name: str, index: int) -> Row:
        world, load, key = self._world, self._plan.load, next(self._keys)
        via = Via.FRESH if load.connections == "fresh" else Via.KEPT
        condition = world.at(t_ns)
        symptom = world.meets(condition, "fresh" if via == Via.FRESH else "kept", rng)
        answer_us = round(world.answer_s(rng, load.vus) * 1e6)
        status, connected_us = 0, 200
        if not condition.up:
            outcome, end_us, connected_us = Outcome.CONNECT_REFUSED, 200, NEVER
        elif symptom is not None:
            outcome = _OUTCOMES[symptom.kind]
            end_us = answer_us if symptom.kind == "reset" else round(load.connect_timeout * 1e6)
            if symptom.after_commit:
                world.store(name, key)
        elif rng.random() < world.traits.background:
            outcome, end_us = Outcome.RESET, answer_us
        else:
            status, end_us = world.store(name, key), answer_us
            outcome = Outcome.OK if status in (200, 400) else Outcome.BAD_STATUS
        return Row(
            due_ns=t_ns, start_us=0, connected_us=connected_us, sent_us=connected_us, end_us=end_us, status=status,
            outcome=outcome, scenario=self._plan.scenario, request=index, via=via, vu=vu, key=key,
        )  # fmt: skip
