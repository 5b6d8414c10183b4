"""The state of the simulated service: is it up, what ails it, what has it stored; and when each of that changed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lab.clock import Clock, sleep_until
from lab.drill.model import Scalar, Target
from lab.fault import Symptom
from lab.nanoseconds import NS_PER_S

CONNECT_NS = 200_000
"""How long a new connection takes."""


@dataclass(frozen=True)
class Traits:
    """How the simulated service behaves. Times in seconds.

    ``boots``: False: it never becomes healthy. ``background``: share of requests that fail without any fault.
    ``status``: what it answers. ``dies_after_s``: it ends by itself so long after its first start.
    ``rss_mb``, ``warms_up_mb``, ``leaks_mb_per_h``: its memory.
    """

    boot_s: float = 0.35
    answer_s: float = 0.021
    spread: float = 0.15
    boots: bool = True
    background: float = 0.0
    status: int = 200
    dies_after_s: float | None = None
    rss_mb: float = 60.0
    warms_up_mb: float = 0.0
    """Added in the first minute, most of it at once."""
    leaks_mb_per_h: float = 0.0
    command_s: float = 0.05
    command_exit: int = 0
    """Of a responder's command, which is not run."""


@dataclass(frozen=True)
class Condition:
    """What holds from ``t_ns`` on. ``generation`` counts starts: a line opened to an earlier one is broken."""

    t_ns: int
    up: bool = False
    symptom: Symptom | None = None
    generation: int = 0
    workers: int = 1


@dataclass
class World:
    """Conditions in order of time; the last one holds now."""

    clock: Clock
    target: Target
    traits: Traits
    rng: random.Random
    conditions: list[Condition] = field(default_factory=lambda: [Condition(0)])
    stored: list[tuple[str, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    """Requests that met a symptom: the simulated evidence."""

    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process of now ends; each process has its own."""

    _back: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while it is up."""

    @property
    def queues(self) -> bool:
        """The lab holds the listener: who comes while nothing is up waits in its queue."""
        return self.target.listener == "inherited"

    @property
    def now(self) -> Condition:
        return self.conditions[-1]

    def change(self, **changed: object) -> None:
        if changed.get("up") is False:
            self._gone.set()
            self._gone = asyncio.Event()
            self._back.clear()
        elif changed.get("up"):
            self._back.set()
        self.conditions.append(replace(self.now, t_ns=self.clock.now_ns(), **changed))  # type: ignore[arg-type]  # names of fields

    def at(self, t_ns: int) -> Condition:
        """The condition that held at ``t_ns``."""
        return next(c for c in reversed(self.conditions) if c.t_ns <= t_ns or c is self.conditions[0])

    def gone_after(self, t_ns: int) -> int | None:
        """When the process that was up at ``t_ns`` ended; None: it has not."""
        return next((c.t_ns for c in self.conditions if c.t_ns > t_ns and not c.up), None)

    def up_after(self, t_ns: int) -> int | None:
        """When something was up again, at ``t_ns`` or later; None: nothing has been."""
        return next((max(c.t_ns, t_ns) for c in self.conditions if c.t_ns > t_ns and c.up), None)

    async def up_by(self, t_ns: int) -> bool:
        """Returns True as soon as something is up, False at ``t_ns``."""
        try:
            async with asyncio.timeout((t_ns - self.clock.now_ns()) / NS_PER_S):
                await self._back.wait()
        except TimeoutError:
            await sleep_until(self.clock, t_ns)
            return False
        return True

    async def lives_until(self, t_ns: int) -> bool:
        """Returns False as soon as the process of now ends, True at ``t_ns``."""
        if not self.now.up:
            return False
        try:
            async with asyncio.timeout((t_ns - self.clock.now_ns()) / NS_PER_S):
                await self._gone.wait()
        except TimeoutError:
            await sleep_until(self.clock, t_ns)  # the loop's time is rounded: it may have come a little early
            return True
        return False

    def meets(self, condition: Condition, connection: str, rng: random.Random) -> Symptom | None:
        """The symptom that one request on a ``fresh`` or ``kept`` connection meets, if any."""
        symptom = condition.symptom
        if symptom is None or symptom.kind == "none" or connection not in symptom.classes:
            return None
        if rng.random() >= symptom.share:
            return None
        self.hits += 1
        return symptom

    def answer_s(self, rng: random.Random, users: int = 0, workers: int = 1) -> float:
        """How long a good answer takes: the work, or the queue for the slots of all ``workers`` when ``users`` are many."""
        queued = users * self.traits.answer_s / (workers * float(self.target.settings.get("slots", 40)))
        return max(self.traits.answer_s, queued) * rng.lognormvariate(0.0, self.traits.spread)

    def store(self, request: str, key: int) -> int:
        """Commits a request as the target does; returns the status of its answer."""
        if self.traits.status != 200:
            return self.traits.status
        stock = self.target.settings.get("stock") if request == "coupon" else None
        if stock is not None and self.counts[request] >= int(stock):
            return 400
        self.stored.append((request, key))
        self.counts[request] += 1
        return 200


def in_force_again(left: Mapping[str, Scalar], settings: Mapping[str, Scalar]) -> bool:
    """What the fault left in the configuration is what the target has just started with."""
    return bool(left) and all(settings.get(name) == value for name, value in left.items())
