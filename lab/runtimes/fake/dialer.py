"""The simulated client of the probe: request by request, in virtual time."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from lab.clock import sleep_until
from lab.history.model.rows import Outcome
from lab.http.exchange import Exchange, Line
from lab.nanoseconds import NS_PER_S
from lab.runtimes.fake.outcomes import Loss, loss, of_status
from lab.runtimes.fake.world import CONNECT_NS, World

_KEY = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{4}([0-9a-f]{8})")


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
        fresh = line is None
        queued = fresh and world.queues and not world.now.up
        if queued:
            await self._connect(exchange, line)  # the kernel's doing: nobody has to accept
            if not await world.up_by(answer_by_ns):
                return await self._end(exchange, Outcome.TIMEOUT), None
        symptom = None if queued else world.meets(world.now, "fresh" if fresh else "kept", world.rng)
        lost = loss(world.now.up, symptom, fresh=fresh, connect_by_ns=connect_by_ns, answer_by_ns=answer_by_ns)
        if lost is not None and not lost.connected:
            await sleep_until(world.clock, lost.at_ns or exchange.start_ns)
            return await self._end(exchange, lost.outcome), None
        if not queued:
            await self._connect(exchange, line)
        if lost is not None:
            return await self._lost(exchange, payload, lost), None
        return await self._answered(exchange, payload, expect, line)

    async def _connect(self, exchange: Exchange, line: Line | None) -> None:
        if line is None:
            await asyncio.sleep(CONNECT_NS / NS_PER_S)
        exchange.connected_ns = exchange.sent_ns = self.world.clock.now_ns()

    async def _lost(self, exchange: Exchange, payload: bytes, lost: Loss) -> Exchange:
        """One that is connected ends with the process that it is connected to."""
        if lost.commits:
            if not await self._worked():
                return await self._end(exchange, Outcome.RESET)
            self.world.store(*self._identity(payload))
        if lost.at_ns is not None and not await self.world.lives_until(lost.at_ns):
            return await self._end(exchange, Outcome.RESET)
        return await self._end(exchange, lost.outcome)

    async def _worked(self) -> bool:
        """The process has lived for as long as an answer takes."""
        world = self.world
        return await world.lives_until(world.clock.now_ns() + round(world.answer_s(world.rng) * NS_PER_S))

    async def _answered(
        self, exchange: Exchange, payload: bytes, expect: frozenset[int], line: Line | None
    ) -> tuple[Exchange, Line | None]:
        world = self.world
        if not await self._worked() or world.rng.random() < world.traits.background:
            return await self._end(exchange, Outcome.RESET), None
        exchange.status = world.store(*self._identity(payload))
        exchange.first_byte_ns = world.clock.now_ns()
        ended = await self._end(exchange, of_status(exchange.status, expect))
        return ended, line if line is not None else FakeLine(world, world.now.generation)

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
