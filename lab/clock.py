"""Time as an injected object: real runs read CLOCK_MONOTONIC, the fake runtime reads its loop's virtual time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from lab.nanoseconds import NS_PER_S


class Clock(Protocol):
    """Nanoseconds since the run's t0. Every stamp in a history comes from one of these."""

    def now_ns(self) -> int: ...


@dataclass(frozen=True)
class MonotonicClock:
    """CLOCK_MONOTONIC minus ``t0_ns``: the same in every namespace we unshare, so control and runner agree."""

    t0_ns: int

    def now_ns(self) -> int:
        return time.monotonic_ns() - self.t0_ns


@dataclass(frozen=True)
class LoopClock:
    """The event loop's own time; under looptime that is virtual (``time.monotonic_ns`` does not move there)."""

    loop: asyncio.AbstractEventLoop
    t0_s: float

    def now_ns(self) -> int:
        return round((self.loop.time() - self.t0_s) * NS_PER_S)


async def sleep_until(clock: Clock, t_ns: int) -> None:
    """Sleep until the clock shows ``t_ns``; returns at once when that is past."""
    await asyncio.sleep(max(0.0, (t_ns - clock.now_ns()) / NS_PER_S))


def timeout_at(clock: Clock, t_ns: int) -> asyncio.Timeout:
    """As ``asyncio.timeout``, when the clock shows ``t_ns``."""
    return asyncio.timeout((t_ns - clock.now_ns()) / NS_PER_S)
