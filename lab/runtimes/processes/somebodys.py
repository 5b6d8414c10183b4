"""Somebody's running service, reached by its URL: asked, never started, stopped or looked into."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from lab.clock import Clock
from lab.drill.address import Address, authority
from lab.drill.model import Scalar, Target
from lab.history.model.ledger import Ledger
from lab.http.client import HttpDialer
from lab.http.exchange import Exchange
from lab.http.tls import client_context
from lab.nanoseconds import NS_PER_S
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes.health import WITHIN_S, asked, told
from lab.runtimes.processes.ledger import ledger_of
from lab.runtimes.processes.pages import get_json

HEALTH_EVERY_S = 0.1
REMEDY = "; target: {ready: PATH} names a path that answers 200 when it is ready (/health unless said)"
"""Whoever gave only a URL has not heard of a path that must answer."""
NO_PROCESS = "the target is somebody's running service: the lab knows its URL, not its process"


class SomebodysService:
    """Answers the Service protocol for ``target.url``. What needs its process raises ProcessLookupError."""

    child_pid = 0
    worker_pids: frozenset[int] = frozenset()
    deaths = 0

    def __init__(self, target: Target, address: Address, clock: Clock) -> None:
        self._target = target
        self._url = (target.url or "").rstrip("/")
        self._address = address
        self._clock = clock
        self._started = False
        self.settings: Mapping[str, Scalar] = {}

    @property
    def port(self) -> int:
        return self._address.port

    @property
    def running(self) -> bool:
        return self._started

    @property
    def pid(self) -> int:
        raise ProcessLookupError(NO_PROCESS)

    def signal(self, number: int) -> None:
        raise ProcessLookupError(NO_PROCESS)

    def kill(self) -> None:
        raise ProcessLookupError(NO_PROCESS)

    @contextmanager
    def listener(self) -> Iterator[socket.socket]:
        raise ProcessLookupError(NO_PROCESS)
        yield

    def backlog(self) -> int:
        raise ProcessLookupError(NO_PROCESS)

    def listen_drops(self) -> int:
        return 0

    async def start(self, settings: Mapping[str, Scalar]) -> None:
        """It runs; ``settings`` are what it would have been started with."""
        self.settings = dict(settings)
        self._started = True

    async def until_ready(self, within_s: float) -> None:
        deadline_ns = self._clock.now_ns() + round(within_s * NS_PER_S)
        while not (exchange := await self._health(WITHIN_S)).ok:
            if self._clock.now_ns() > deadline_ns:
                raise ServiceFailed(
                    f"{self._url}{self._target.ready} gave no good answer within {within_s:g} s: {told(exchange)}{REMEDY}"
                )
            await asyncio.sleep(HEALTH_EVERY_S)

    async def ask_health(self, within_s: float) -> str:
        exchange = await self._health(within_s)
        return "" if exchange.ok else told(exchange)

    async def _health(self, within_s: float) -> Exchange:
        host, port, by_ns = self._address.host, self._address.port, self._clock.now_ns() + round(within_s * NS_PER_S)
        tls = client_context() if self._address.tls else None
        return await asked(HttpDialer(host, port, self._clock, tls=tls), authority(host, port), self._target.ready, by_ns)

    async def until_dead(self) -> str:
        await asyncio.Event().wait()
        return "never: nobody watches it"

    async def until_running(self) -> None:
        """It does, as far as the lab knows."""

    async def change(self, settings: Mapping[str, Scalar]) -> str:
        raise ServiceFailed(NO_PROCESS)

    @property
    def workers(self) -> int:
        return int(self._started)

    async def add_worker(self, within_s: float, ended: Callable[[str], None]) -> str:
        raise ServiceFailed(NO_PROCESS)

    async def remove_worker(self, grace_s: float) -> str:
        raise ServiceFailed(NO_PROCESS)

    async def stop(self, grace_s: float) -> None:
        """Not ours to stop."""
        self._started = False

    def release(self) -> None:
        """Nothing is held."""

    async def resources(self) -> Mapping[str, float]:
        return {}

    async def ledger(self) -> Ledger:
        if self._target.ledger is None:
            return Ledger(complete=False, reason="this target has no ledger")
        return ledger_of(await asyncio.to_thread(get_json, f"{self._url}{self._target.ledger}"))
