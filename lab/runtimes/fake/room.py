"""The simulated room: hands out the simulated service, client and load."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext

from lab.clock import Clock
from lab.drill.model import Lane, RunPlan
from lab.fault import Counters, Fault, Place
from lab.history.model.events import AcceptEvent
from lab.http.exchange import Dialer
from lab.load.plan import ShardPlan
from lab.runtimes.base import LaneEnd, Users
from lab.runtimes.fake import accepting
from lab.runtimes.fake.dialer import FakeDialer
from lab.runtimes.fake.service import FakeService
from lab.runtimes.fake.users import FakeUsers
from lab.runtimes.fake.world import Traits, World


class FakeRoom:
    own_network = True
    host = "127.0.0.1"
    tls = False

    def __init__(self, plan: RunPlan, clock: Clock, traits: Traits | None = None) -> None:
        self.clock = clock
        self._world = World(clock, plan.drill.target, traits or Traits(), random.Random(plan.seed))
        self.service = FakeService(self._world)
        self._users = 0

    def kernel(self, values: Mapping[str, int]) -> AbstractContextManager[None]:
        return nullcontext()  # it has none

    async def open_lane(self, lane: Lane) -> LaneEnd:
        self._users = 0
        return LaneEnd(port=self.service.port + (lane == "proxy"))

    async def close_lane(self) -> None:
        """Nothing to close."""

    def dialer(self, port: int) -> Dialer:
        return FakeDialer(self._world)

    async def start_load(self, plan: ShardPlan) -> Users:
        self._users = plan.load.vus
        return FakeUsers(self._world, plan)

    def let_loose(self, fault: Fault, place: Place) -> AbstractAsyncContextManager[str]:
        return self._symptom(fault)

    @asynccontextmanager
    async def _symptom(self, fault: Fault) -> AsyncIterator[str]:
        symptom = fault.symptom
        self.service.left = fault.leaves
        if symptom.kind == "refuse" and symptom.on == "process":
            self.service.kill()
        else:
            self._world.change(symptom=symptom)
        try:
            yield f"simulated: {symptom.kind}, {symptom.share:.0%} of {' and '.join(sorted(symptom.classes))}"
        finally:
            self.service.left = {}
            self._world.change(symptom=None)

    def evidence(self, fault: Fault, place: Place) -> Counters:
        return {"simulated hits": self._world.hits + self.service.deaths}

    def readings(self) -> Mapping[str, float]:
        return {}

    async def at_the_listener(self, alarms: Collection[str]) -> AcceptEvent:
        return accepting.held(self._world, self.service.settings, self._users)

    async def close(self) -> None:
        """Nothing runs."""
