"""The simulated target as the lab handles it: start, health, death, stop."""

from __future__ import annotations

import asyncio
import math
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from lab.drill.model import Scalar
from lab.history.model.ledger import Ledger, Stored
from lab.nanoseconds import NS_PER_S
from lab.runtimes.base import ServiceFailed
from lab.runtimes.fake.world import World, in_force_again

FIRST_PID = 12


class FakeService:
    """Answers the Service protocol from a :class:`World`. ``left`` is what the fault of now left in the configuration;
    ``refuses``: it does not start with that.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings: dict[str, Scalar] = {}
        self._alive = asyncio.Event()
        self._dead = asyncio.Event()
        self._pid = FIRST_PID - 1
        self._how = ""
        self._death: asyncio.TimerHandle | None = None
        self.deaths = 0
        self.signals: list[int] = []
        self.left: Mapping[str, Scalar] = {}
        self.refuses = False

    @property
    def pid(self) -> int:
        if not self.running:
            raise ProcessLookupError("the simulated target is not running")
        return self._pid

    @property
    def port(self) -> int:
        return 8080

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return self._settings

    @property
    def running(self) -> bool:
        return self._alive.is_set()

    def signal(self, number: int) -> None:
        """What would end a process ends this one; SIGSTOP and SIGCONT are kept in ``signals``, clients see the symptom."""
        if not self.running:
            return
        self.signals.append(number)
        if number not in (signal.SIGSTOP, signal.SIGCONT):
            self._dies(signal.Signals(number).name)

    def _dies(self, how: str) -> None:
        self.deaths += 1
        self._how = how
        self._end()
        self._dead.set()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def listener(self) -> AbstractContextManager[socket.socket]:
        raise ProcessLookupError("the simulated target has no socket")

    def backlog(self) -> int:
        return int(self._settings.get("backlog", 0))

    def listen_drops(self) -> int:
        return self._world.hits

    async def start(self, settings: Mapping[str, Scalar]) -> None:
        self._settings = dict(settings)
        self._pid += 1
        self._dead.clear()
        self._alive.set()
        if self._world.traits.dies_after_s is not None and self._death is None:
            self._death = asyncio.get_running_loop().call_later(self._world.traits.dies_after_s, self.kill)

    async def until_ready(self, within_s: float) -> None:
        if self._world.now.up:
            return
        if not self._world.traits.boots:
            await asyncio.sleep(within_s)
            raise ServiceFailed(f"the target was not healthy within {within_s:g} s; it never is, in this simulation")
        await asyncio.sleep(self._world.traits.boot_s * self._world.rng.lognormvariate(0.0, 0.1))
        if self.refuses and in_force_again(self.left, self._settings):
            self._dies("exit code 2")
            raise ServiceFailed("the target ended while it started (exit code 2): it refuses a setting, in this simulation")
        symptom = self._world.now.symptom
        healed = symptom is not None and symptom.on == "process" and not in_force_again(self.left, self._settings)
        self._world.change(up=True, generation=self._world.now.generation + 1, symptom=None if healed else symptom)

    async def ask_health(self, within_s: float) -> str:
        """A port of its own is closed only to a process that stands still; on the service port it shares every symptom."""
        now = self._world.now
        if not now.up:
            return "connect refused"
        kind = now.symptom.kind if now.symptom else "none"
        if kind == "slow" or (kind != "none" and not self._world.target.health_port):
            await asyncio.sleep(within_s)
            return "timeout"
        return ""

    async def until_dead(self) -> str:
        await self._dead.wait()
        return self._how

    async def until_running(self) -> None:
        await self._alive.wait()

    async def change(self, settings: Mapping[str, Scalar]) -> str:
        """The symptom of a setting goes with its change, unless it is changed to what the fault has left."""
        if not self.running:
            raise ServiceFailed("nothing to be changed live: the simulated target is not running")
        said = ", ".join(f"{name} {self._settings.get(name, '?')}→{value}" for name, value in settings.items())
        self._settings |= settings
        symptom = self._world.now.symptom
        if symptom is not None and symptom.setting in settings and not in_force_again(self.left, self._settings):
            self._world.change(symptom=None)
        return f"{said}, live (pid {self._pid})"

    @property
    def workers(self) -> int:
        return self._world.now.workers if self.running else 0

    async def add_worker(self, within_s: float, ended: Callable[[str], None]) -> str:
        """As much capacity again as one process has. Simulated workers never end by themselves."""
        await asyncio.sleep(self._world.traits.boot_s)
        return self._with_workers(self._world.now.workers + 1)

    async def remove_worker(self, grace_s: float) -> str:
        if self._world.now.workers == 1:
            raise ServiceFailed("no worker was added, so none can be taken away")
        return self._with_workers(self._world.now.workers - 1)

    def _with_workers(self, count: int) -> str:
        self._world.change(workers=count)
        return f"{count} worker{'s' if count != 1 else ''}"

    async def stop(self, grace_s: float) -> None:
        await asyncio.sleep(min(grace_s, 0.01))
        self._end()

    def _end(self) -> None:
        self._alive.clear()
        self._world.change(up=False, workers=1)

    async def resources(self) -> Mapping[str, float]:
        """Memory as the traits have it, with 1 % of noise."""
        traits, since_s = self._world.traits, self._world.clock.now_ns() / NS_PER_S
        rss_mb = traits.rss_mb + traits.warms_up_mb * (1 - math.exp(-since_s / 15)) + traits.leaks_mb_per_h * since_s / 3600
        return {"pid": float(self._pid), "rss_bytes": rss_mb * 1e6 * self._world.rng.gauss(1.0, 0.002), "threads": 4.0}

    async def ledger(self) -> Ledger:
        limits = {"coupon": int(stock)} if (stock := self._world.target.settings.get("stock")) is not None else {}
        return Ledger(stored=tuple(Stored(request, key) for request, key in self._world.stored), limits=limits)
