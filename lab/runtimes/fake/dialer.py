"""The simulated client of the probe: request by request, in virtual time."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from lab.clock import NS_PER_S, sleep_until
from lab.fault import Symptom
from lab.history.model.rows import Outcome
from lab.http.exchange import Exchange, Line
from lab.runtimes.fake.world import World

_KEY = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{4}([0-9a-f]{8})")
CONNECT_NS = 200_000


@dataclass
class FakeLine:
    """A kept connection to one generation of the simulated service."""

    world: World
    generation: int
    open: bool = True

    @property
    def usable(self) -> bool:
        return self.open and self.world.now.up and self.world.now.generation == self.generation

    def close(self) -> None:
        self.open = False


@dataclass(frozen=True)
class FakeDialer:
    world: World

    async def send(
        self, payload: bytes, *, expect: frozenset[int], connect_by_ns: int, answer_by_ns: int, line: Line | None = None
    ) -> tuple[Exchange, Line | None]:
        """As the real one; see :class:`lab.http.exchange.Dialer`."""
        world = self.world
        exchange = Exchange(start_ns=world.clock.now_ns())
        symptom = world.meets(world.now, "fresh" if line is None else "kept", world.rng)
        if not world.now.up:
            return await self._end(exchange, Outcome.CONNECT_REFUSED if line is None else Outcome.RESET), None
        if line is None and symptom is not None and symptom.kind in ("refuse", "hang"):
            return await self._not_connected(exchange, symptom, connect_by_ns), None
        await self._connect(exchange, line)
        if symptom is not None:
            return await self._lost(exchange, payload, symptom, answer_by_ns), None
        return await self._answered(exchange, payload, expect, line)

    async def _connect(self, exchange: Exchange, line: Line | None) -> None:
        if line is None:
            await asyncio.sleep(CONNECT_NS / NS_PER_S)
        exchange.connected_ns = exchange.sent_ns = self.world.clock.now_ns()

    async def _not_connected(self, exchange: Exchange, symptom: Symptom, by_ns: int) -> Exchange:
        if symptom.kind == "refuse":
            return await self._end(exchange, Outcome.CONNECT_REFUSED)
        await sleep_until(self.world.clock, by_ns)
        return await self._end(exchange, Outcome.CONNECT_TIMEOUT)

    async def _lost(self, exchange: Exchange, payload: bytes, symptom: Symptom, answer_by_ns: int) -> Exchange:
        if symptom.after_commit:
            await asyncio.sleep(self.world.answer_s(self.world.rng))
            self.world.store(*self._identity(payload))
        if symptom.kind in ("hang", "slow"):
            await sleep_until(self.world.clock, answer_by_ns)
            return await self._end(exchange, Outcome.TIMEOUT)
        return await self._end(exchange, Outcome.RESET)

    async def _answered(
        self, exchange: Exchange, payload: bytes, expect: frozenset[int], line: Line | None
    ) -> tuple[Exchange, Line | None]:
        world = self.world
        generation = world.now.generation
        await asyncio.sleep(world.answer_s(world.rng))
        if not world.now.up or world.now.generation != generation:
            return await self._end(exchange, Outcome.RESET), None
        if world.rng.random() < world.traits.background:
            return await self._end(exchange, Outcome.RESET), None
        exchange.status = world.store(*self._identity(payload))
        exchange.first_byte_ns = world.clock.now_ns()
        ended = await self._end(exchange, Outcome.OK if exchange.status in expect else Outcome.BAD_STATUS)
        return ended, line if line is not None else FakeLine(world, generation)

    async def _end(self, exchange: Exchange, outcome: Outcome) -> Exchange:
        exchange.outcome = outcome
        exchange.end_ns = self.world.clock.now_ns()
        return exchange

    def _identity(self, payload: bytes) -> tuple[str, int]:
        """Which request of the target this is, and its key."""
        path = payload.split(b" ", 2)[1].decode()
        name = next((n for n, r in self.world.target.requests.items() if path in (r.post, r.get)), path)
        match = _KEY.search(payload)
        return name, int(match[1], 16) if match else 0
