"""The target as a process of ours: started with its settings, watched by pidfd, asked for its health and its ledger."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.clock import NS_PER_S, Clock
from lab.drill.model import Scalar, Target
from lab.history.model.ledger import Ledger, Stored
from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer
from lab.process import Process
from lab.runtimes import listener
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes.ports import Ports

HEALTH_EVERY_S = 0.01
LOG_LINES = 20


class ProcessService:
    """``run_dir`` holds its log and its database; both stay when it is restarted."""

    def __init__(self, target: Target, ports: Ports, run_dir: Path, environment: Mapping[str, str], clock: Clock) -> None:
        self._target = target
        self._ports = ports
        self._run_dir = run_dir
        self._environment = environment
        self._clock = clock
        self._process: Process | None = None
        self._listening: tuple[int, int] | None = None  # pid and pidfd of the process that listens
        self._monitor: asyncio.Task[None] | None = None
        self._alive, self._dead = asyncio.Event(), asyncio.Event()
        self._how = ""
        self._settings: Mapping[str, Scalar] = {}
        self.deaths = 0

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
        if self._process is None or not self._process.alive:
            raise ProcessLookupError("the target is not running")
        return self._listening[0] if self._listening else self._process.pid

    @property
    def child_pid(self) -> int:
        """The process that the lab started, dead or alive; 0 before the first start."""
        return self._process.pid if self._process else 0

    @property
    def log(self) -> Path:
        return self._run_dir / "logs" / "target.log"

    # What faults do to it

    def kill(self) -> None:
        if self._listening is not None:
            signal.pidfd_send_signal(self._listening[1], signal.SIGKILL)
        elif self._process is not None:
            self._process.signal(signal.SIGKILL)

    @contextmanager
    def listener(self) -> Iterator[socket.socket]:
        _, sock = listener.find(self.pid, self.port)
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
        self._settings = dict(settings)
        environment = {**self._environment, **self._as_environment(settings)}
        try:
            self._process = Process.spawn(self._argv(settings), env=environment, stdout=self.log, stderr=self.log)
        except OSError as error:
            raise ServiceFailed(f"the target's command cannot be started: {error}") from error
        self._dead.clear()
        self._alive.set()
        self._monitor = asyncio.ensure_future(self._watch(self._process))

    def _argv(self, settings: Mapping[str, Scalar]) -> list[str]:
        known = {**settings, "port": self.port, "health_port": self._ports.health, "python": sys.executable}
        try:
            return [word.format(**known) for word in shlex.split(self._target.command or "")]
        except KeyError as error:
            raise ServiceFailed(f"the target's command names {error}, which is no setting of it") from error

    def _as_environment(self, settings: Mapping[str, Scalar]) -> dict[str, str]:
        given = {**settings, "port": self.port, "health_port": self._ports.health}
        given["database_url"] = f"sqlite:///{self._run_dir / 'logs' / 'target.db'}"
        return {f"{self._target.env}{name.upper()}": _text(value) for name, value in given.items()}

    async def _watch(self, process: Process) -> None:
        code = await process.exited()
        self._how = _describe(code)
        self._alive.clear()
        self._forget_listener()
        self.deaths += 1
        self._dead.set()

    async def until_ready(self, within_s: float) -> None:
        process = self._process
        assert process is not None, "start comes first"
        deadline_ns = self._clock.now_ns() + round(within_s * NS_PER_S)
        while not await self._healthy():
            if not process.alive:
                raise ServiceFailed(f"the target ended while it started ({_describe(process.returncode or 0)}){self._log_tail()}")
            if self._clock.now_ns() > deadline_ns:
                raise ServiceFailed(f"the target was not healthy within {within_s:g} s (boot){self._log_tail()}")
            await asyncio.sleep(HEALTH_EVERY_S)
        self._find_listener(process)

    async def _healthy(self) -> bool:
        port = self._ports.health if self._target.health_port else self.port
        now_ns = self._clock.now_ns()
        request = f"GET {self._target.ready} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
        exchange, line = await HttpDialer("127.0.0.1", port, self._clock).send(
            request, expect=frozenset({200}), connect_by_ns=now_ns + NS_PER_S, answer_by_ns=now_ns + NS_PER_S
        )
        if line is not None:
            line.close()
        return exchange.outcome is Outcome.OK

    def _find_listener(self, process: Process) -> None:
        """Holds the process that listens, when it is not the one we started (a start script's child)."""
        try:
            pid, sock = listener.find(process.pid, self.port)
        except ProcessLookupError:
            return  # it listens where we may not look, in a container perhaps: faults that need its socket will say so
        sock.close()
        if pid != process.pid:
            self._listening = (pid, os.pidfd_open(pid))

    def _forget_listener(self) -> None:
        if self._listening is not None:
            os.close(self._listening[1])
            self._listening = None

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:] if self.log.exists() else []
        return "\n".join([f"; the last {len(lines)} lines of its log:", *(f"    {line}" for line in lines)]) if lines else ""

    async def until_dead(self) -> str:
        await self._dead.wait()
        return self._how

    async def until_running(self) -> None:
        await self._alive.wait()

    async def stop(self, grace_s: float) -> None:
        if self._monitor is not None:
            self._monitor.cancel()  # an end that we ask for is no death
        if self._process is not None:
            await self._process.stop(grace_s)
        self._forget_listener()
        self._alive.clear()

    async def ledger(self) -> Ledger:
        if self._target.ledger is None:
            return Ledger(complete=False, reason="this target has no ledger")
        answer = await asyncio.to_thread(_get_json, f"http://127.0.0.1:{self._ports.health}{self._target.ledger}")
        stored = tuple(Stored(name, int(key[-8:], 16)) for name, keys in answer["stored"].items() for key in keys)
        return Ledger(stored=stored, limits=answer.get("limits", {}))


def _get_json(url: str) -> dict[str, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy: it is loopback
    with opener.open(url, timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def _text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _describe(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
