"""The simulated room: hands out the simulated service, client and load."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext

from lab.clock import Clock
from lab.drill.model import Lane, Load, RunPlan
from lab.fault import Counters, Fault, Place
from lab.history.model.events import AcceptEvent
from lab.http.exchange import Dialer
from lab.load.plan import ShardPlan
from lab.runtimes.base import CommandEnd, LaneEnd, Standby, Users
from lab.runtimes.fake import accepting
from lab.runtimes.fake.dialer import FakeDialer
from lab.runtimes.fake.service import FakeService
from lab.runtimes.fake.users import FakeStandby, FakeUsers
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

    async def stand_by(self, scenario: int, load: Load) -> Standby:
        return FakeStandby(self._begun)

    def _begun(self, plan: ShardPlan) -> Users:
        self._users = plan.load.vus
        return FakeUsers(self._world, plan)

    async def run(self, argv: Sequence[str], variables: Mapping[str, str], within_s: float) -> CommandEnd:
        """Nothing is run: what a team's command does cannot be simulated. It ends as the traits say."""
        traits = self._world.traits
        await asyncio.sleep(min(traits.command_s, within_s))
        if traits.command_s > within_s:
            return CommandEnd(False, f"killed: not done within {within_s:g} s")
        return CommandEnd(traits.command_exit == 0, f"exit code {traits.command_exit}", ("simulated: nothing was run",))

    def let_loose(self, fault: Fault, place: Place) -> AbstractAsyncContextManager[str]:
        return self._symptom(fault, place)

    @asynccontextmanager
    async def _symptom(self, fault: Fault, place: Place) -> AsyncIterator[str]:
        symptom = fault.symptom
        self.service.left, self.service.refuses = fault.leaves, symptom.kind == "refuse"
        async with place.holds_down(f"fault {fault.name}", symptom.down_s) if symptom.down_s else nullcontext():
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
