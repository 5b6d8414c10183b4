"""The real room: starts target, proxy and load as processes, and connects to them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from pathlib import Path

from lab.clock import MonotonicClock
from lab.drill.address import address_of
from lab.drill.model import Lane, Load, RunPlan, Target
from lab.fault import Counters, Fault, Place
from lab.history.model.events import AcceptEvent
from lab.http.client import HttpDialer
from lab.http.exchange import Dialer
from lab.http.tls import client_context
from lab.process import Process
from lab.proxy import ProxyControl, ProxyError, ToxiproxyServer
from lab.runtimes import listener
from lab.runtimes.base import CommandEnd, LaneEnd, ServiceFailed, Standby
from lab.runtimes.processes import accepting, ports, standby
from lab.runtimes.processes.commands import Commands
from lab.runtimes.processes.service import ProcessService
from lab.runtimes.processes.somebodys import SomebodysService
from lab.runtimes.sandbox import sysctls
from lab.watch import sensors

PROXY_READY_S = 5.0
LAST_GRACE_S = 0.5
"""For the target's own last words: of what it still does for users who have gone, nobody asks."""


class ProcessRoom:
    """``environment`` is what target, proxy and load get: already cut down to the allow-list."""

    def __init__(self, plan: RunPlan, run_dir: Path, environment: Mapping[str, str]) -> None:
        self._plan = plan
        self._run_dir = run_dir
        self._environment = environment
        self.own_network = plan.runtime == "sandbox"
        self.host = "127.0.0.1"
        self.tls = False
        self._ports = ports.choose(plan.drill.target.port, own_network=self.own_network)
        self.clock = MonotonicClock(plan.t0_ns)
        self.service = self._service_of(plan.drill.target)
        self._toxiproxy: Process | None = None
        self._proxy: ProxyControl | None = None
        self._standbys: list[standby.ShardStandby] = []
        self._commands = Commands(run_dir / "logs" / "commands.log", environment)

    def _service_of(self, target: Target) -> ProcessService | SomebodysService:
        if target.url is None:
            return ProcessService(target, self._ports, self._run_dir, self._environment, self.clock)
        address = address_of(target.url)
        self.host, self.tls = address.host, address.tls
        return SomebodysService(target, address, self.clock)

    @contextmanager
    def kernel(self, values: Mapping[str, int]) -> Iterator[None]:
        if not values:
            yield
            return
        if not self.own_network:  # even as root: the machine is not ours
            raise ServiceFailed("settings of the kernel need the sandbox")
        with ExitStack() as stack:
            try:
                stack.enter_context(sysctls.in_force(values))
            except OSError as error:
                raise ServiceFailed(f"the kernel does not take {', '.join(values)}: {error}") from error
            yield

    async def open_lane(self, lane: Lane) -> LaneEnd:
        if lane == "direct":
            return LaneEnd(self.service.port)
        try:
            self._proxy = await self._proxy_server()
            await self._proxy.create("target", self._ports.proxy, self.service.port)
        except (ProxyError, OSError) as error:
            raise ServiceFailed(f"Toxiproxy could not be set up: {error}") from error
        return LaneEnd(self._ports.proxy, self._proxy)

    async def _proxy_server(self) -> ProxyControl:
        control = ProxyControl(self._ports.toxiproxy)
        if self._toxiproxy is None:
            log = self._run_dir / "logs" / "toxiproxy.log"
            argv = ToxiproxyServer.argv(Path(self._plan.toxiproxy_path or "toxiproxy-server"), self._ports.toxiproxy)
            environment = {**self._environment, **ToxiproxyServer.env(None)}
            self._toxiproxy = Process.spawn(argv, env=environment, stdout=log, stderr=log)
            await control.ready(PROXY_READY_S)
            _, sock = listener.find(self._toxiproxy.pid, self._ports.toxiproxy)  # in the open another's might have answered
            sock.close()
        return control

    async def close_lane(self) -> None:
        """A server that does not do as it is told is ended, and what it held with it: the next lane gets a new one."""
        if self._proxy is None:
            return
        try:
            await self._proxy.delete()
        except ProxyError:
            await self._end_toxiproxy()
        finally:
            self._proxy.close()
            self._proxy = None

    async def _end_toxiproxy(self) -> None:
        if self._toxiproxy is not None:
            await self._toxiproxy.stop(grace_s=1.0)
            self._toxiproxy = None

    def dialer(self, port: int) -> Dialer:
        return HttpDialer(self.host, port, self.clock, tls=client_context() if self.tls else None)

    async def stand_by(self, scenario: int, load: Load) -> Standby:
        log = self._run_dir / "logs" / f"load-{scenario}.log"
        self._standbys.append(await standby.stand_by(load, self._environment, log, k6=self._plan.k6_path))
        return self._standbys[-1]

    def child_pids(self) -> set[int]:
        """Every child whose end somebody waits for; what else dies below pid 1 is an orphan to be reaped."""
        pids = {self.service.child_pid, *(each.pid for each in self._standbys), *self._commands.pids, *self.service.worker_pids}
        return pids | {self._toxiproxy.pid} if self._toxiproxy else pids

    async def run(self, argv: Sequence[str], variables: Mapping[str, str], within_s: float) -> CommandEnd:
        return await self._commands.run(argv, variables, within_s)

    def let_loose(self, fault: Fault, place: Place) -> AbstractAsyncContextManager[str]:
        return fault.inject(place)

    def evidence(self, fault: Fault, place: Place) -> Counters:
        return fault.evidence(place)

    def readings(self) -> Mapping[str, float]:
        return sensors.read()

    async def at_the_listener(self, alarms: Collection[str]) -> AcceptEvent:
        return await accepting.read(self.service, alarms, own_network=self.own_network, clock=self.clock)

    async def close(self) -> None:
        await self._commands.close()
        await self.service.stop(grace_s=LAST_GRACE_S)
        self.service.release()
        await self._end_toxiproxy()
