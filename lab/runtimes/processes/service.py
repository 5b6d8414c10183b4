"""The target as a process of ours: started with its settings, watched by pidfd, asked for its health and its ledger."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab.clock import Clock
from lab.drill.model import Scalar, Target
from lab.history.model.ledger import Ledger
from lab.process import Process
from lab.runtimes import listener
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes import command
from lab.runtimes.processes.ending import described
from lab.runtimes.processes.health import Health
from lab.runtimes.processes.held import HeldListener
from lab.runtimes.processes.ledger import ledger_of
from lab.runtimes.processes.listening import Listening
from lab.runtimes.processes.pages import get_json
from lab.runtimes.processes.ports import Ports
from lab.runtimes.processes.resources import TargetResources
from lab.runtimes.processes.workers import Workers, free_port

SUCCESSOR_EVERY_S = 0.05


class ProcessService:
    """``run_dir`` holds its log and its database; both stay when it is restarted, and so does an ``inherited`` listener."""

    def __init__(self, target: Target, ports: Ports, run_dir: Path, environment: Mapping[str, str], clock: Clock) -> None:
        self._target = target
        self._ports = ports
        self._run_dir = run_dir
        self._environment = environment
        self._process: Process | None = None
        self._held: HeldListener | None = None
        self._listening: Listening | None = None  # where it is another process than the one that we started
        self._monitors: list[asyncio.Task[None]] = []
        self._alive, self._dead = asyncio.Event(), asyncio.Event()
        self._how = ""
        self._settings: Mapping[str, Scalar] = {}
        metrics_url = target.metrics and f"http://127.0.0.1:{self._health_port}{target.metrics}"
        self._resources = TargetResources(metrics_url, target.collect)
        self._workers = Workers()
        self._health = Health(target.ready, clock, self.log)
        self._deaths = 0

    @property
    def deaths(self) -> int:
        return self._deaths + self._workers.deaths

    @property
    def port(self) -> int:
        return self._ports.service

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return self._settings

    @property
    def running(self) -> bool:
        return self._alive.is_set()

    @property
    def pid(self) -> int:
        if self._process is None or not self._alive.is_set():
            raise ProcessLookupError("the target is not running")
        return self._listening.pid if self._listening else self._process.pid

    @property
    def child_pid(self) -> int:
        """The process that the lab started, dead or alive; 0 before the first start."""
        return self._process.pid if self._process else 0

    @property
    def log(self) -> Path:
        return self._run_dir / "logs" / "target.log"

    # What faults do to it

    def signal(self, number: int) -> None:
        if self._listening is not None:
            self._listening.signal(number)
        elif self._process is not None:
            self._process.signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    @contextmanager
    def listener(self) -> Iterator[socket.socket]:
        """Where the lab holds it, several processes have it, and it is there when none of theirs is."""
        sock = self._held.duplicate() if self._held else listener.find(self.pid, self.port)[1]
        with sock:
            yield sock

    def backlog(self) -> int:
        with self.listener() as sock:
            return listener.accept_queue(sock)[1]

    def listen_drops(self) -> int:
        try:
            with self.listener() as sock:
                return listener.drops(sock)
        except ProcessLookupError:
            return 0

    # What the lab does with it

    async def start(self, settings: Mapping[str, Scalar]) -> None:
        await self.stop(grace_s=0)  # what a crash has left of the one before: its script, its other processes
        self._settings = dict(settings)
        self._process = self._spawn(self._ports.health, self._listen_fd())
        self._is_back()
        self._monitors = [asyncio.ensure_future(self._watch_process(self._process))]

    def _spawn(self, health_port: int, inherited: Mapping[str, Scalar]) -> Process:
        """A process with the settings of now. Raises ServiceFailed."""
        known = {**self._settings, "port": self.port, "health_port": health_port, **inherited}
        at = {"database_url": f"sqlite:///{self._run_dir / 'logs' / 'target.db'}"}
        given = {**self._environment, **command.environment({**known, **at}, self._target.env)}
        try:
            argv = command.argv(self._target.command or "", {**known, "python": sys.executable})
            fds = (self._held.fd,) if self._held else ()
            return Process.spawn(argv, env=given, stdout=self.log, stderr=self.log, guarded=True, pass_fds=fds)
        except (OSError, ValueError) as error:
            raise ServiceFailed(f"the target's command cannot be started: {error}") from error

    def _listen_fd(self) -> Mapping[str, Scalar]:
        """What the process is told of the listener that it inherits. Raises ServiceFailed."""
        if self._target.listener == "rebind":
            return {}
        try:
            self._held = self._held or HeldListener(self.port)
            self._held.listen(self._settings.get("backlog"))
        except OSError as error:
            raise ServiceFailed(f"the target's listener cannot be bound to port {self.port}: {error.strerror}") from error
        return {"listen_fd": self._held.fd}

    async def _watch_process(self, process: Process) -> None:
        code = await process.ended()
        self._died(described(code))

    async def _watch_listening(self, process: Process, first: Listening) -> None:
        """A start script may outlive its service, and may start it again by itself."""
        listening: Listening | None = first
        while listening is not None:
            await listening.ended()
            self._died(f"pid {listening.pid}, which listened, ended")
            if (listening := await self._next_listening(process)) is not None:
                self._listening = listening
                self._is_back()

    async def _next_listening(self, process: Process) -> Listening | None:
        while process.alive:
            await asyncio.sleep(SUCCESSOR_EVERY_S)
            try:
                return Listening.under(process.pid, self.port)
            except ProcessLookupError:
                pass  # not yet, perhaps never: until the script ends, or somebody stops it
        return None

    def _is_back(self) -> None:
        self._dead.clear()
        self._alive.set()

    def _died(self, how: str) -> None:
        """Once for each life: script and service may both end of one crash."""
        if not self._alive.is_set():
            return
        self._how = how
        self._alive.clear()
        self._forget_listener()
        self._deaths += 1
        self._dead.set()

    async def until_ready(self, within_s: float) -> None:
        process = self._process
        assert process is not None, "start comes first"
        await self._health.until_good(process, self._health_port, within_s)
        self._find_listener(process)

    async def ask_health(self, within_s: float) -> str:
        return await self._health.ask(self._health_port, within_s)

    @property
    def _health_port(self) -> int:
        return self._ports.health if self._target.health_port else self.port

    def _find_listener(self, process: Process) -> None:
        """Holds the process that listens, when it is not the one we started (a start script's child).

        A script inherits the lab's listener too and cannot be told from its child: it must ``exec`` its service.
        """
        try:
            listening = Listening.under(process.pid, self.port)
        except ProcessLookupError:
            return  # it listens where we may not look, in a container perhaps: faults that need its socket will say so
        if listening.pid == process.pid:
            listening.close()
            return
        self._listening = listening
        self._monitors.append(asyncio.ensure_future(self._watch_listening(process, listening)))

    def _forget_listener(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None

    async def until_dead(self) -> str:
        await self._dead.wait()
        return self._how

    async def until_running(self) -> None:
        await self._alive.wait()

    async def change(self, settings: Mapping[str, Scalar]) -> str:
        """``backlog``: by ``listen`` on a duplicate of its listener; the kernel cuts it down to net.core.somaxconn."""
        size = int(settings["backlog"])
        try:
            pid, before = self.pid, self.backlog()
            with self.listener() as sock:
                sock.listen(size)
            now = self.backlog()
        except ProcessLookupError as error:
            raise ServiceFailed(f"nothing to be changed live: {error}") from error
        self._settings = {**self._settings, **settings}
        return f"backlog {before}→{now}, live (pid {pid})"

    @property
    def workers(self) -> int:
        return int(self._alive.is_set()) + len(self._workers)

    @property
    def worker_pids(self) -> set[int]:
        return self._workers.pids

    async def add_worker(self, within_s: float, ended: Callable[[str], None]) -> str:
        """Its listener is the first one's, its health port its own; its queue is the first one's too."""
        if self._held is None:
            raise ServiceFailed("more workers need a listener that the lab holds (target: {listener: inherited})")
        port = free_port()
        process = self._spawn(port, {"listen_fd": self._held.fd})
        await self._workers.add(process, lambda process: self._health.until_good(process, port, within_s), ended)
        return f"{self.workers} workers (pid {process.pid} came)"

    async def remove_worker(self, grace_s: float) -> str:
        pid = await self._workers.remove(grace_s)
        return f"{self.workers} worker{'s' if self.workers != 1 else ''} (pid {pid} went)"

    async def stop(self, grace_s: float) -> None:
        await self._workers.end(grace_s)
        for monitor in self._monitors:
            monitor.cancel()  # an end that we ask for is no death
        if self._process is not None:
            await self._process.stop(grace_s)
        if self._listening is not None:
            self._listening.kill()  # it may have left the process group
        self._forget_listener()
        self._alive.clear()

    def release(self) -> None:
        """The listener that the lab has held: nothing starts any more."""
        if self._held is not None:
            self._held.close()
            self._held = None

    async def resources(self) -> Mapping[str, float]:
        try:
            return await asyncio.to_thread(self._resources.read, self.pid)
        except ProcessLookupError:
            return {}  # it went meanwhile

    async def ledger(self) -> Ledger:
        if self._target.ledger is None:
            return Ledger(complete=False, reason="this target has no ledger")
        url = f"http://127.0.0.1:{self._health_port}{self._target.ledger}"
        return ledger_of(await asyncio.to_thread(get_json, url))
