"""What a load's process is told: a plan, a line on its standard input, which must be a pipe; then when to stop.

It says ``{"ready": true}`` when it waits for the plan, which it may have had before. ``stop`` and the end of standard input end
the load, as SIGTERM does.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Protocol

from lab.drill.problems import DrillErrors
from lab.pipe import reading

LONGEST_PLAN_BYTES = 16 << 20
READY = '{"ready": true}'
NOTHING_STARTED = 2


class Ordered(Protocol):
    """A load that can be carried out."""

    async def run(self) -> int:
        """To its end; returns the exit code."""

    def stop(self) -> None:
        """At any time, twice too."""


async def obey(name: str, load_of: Callable[[bytes], Ordered]) -> int:
    """Carries out the load that ``load_of`` makes of the plan's line; returns the exit code. What it raises when it cannot
    (ValueError, OSError, DrillErrors) is told on standard error, where ``name`` says who speaks.
    """
    stdin = await reading(sys.stdin, LONGEST_PLAN_BYTES)
    print(READY, flush=True)
    try:
        load = load_of(await stdin.readline())
    except (ValueError, OSError, DrillErrors) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return NOTHING_STARTED
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.stop)
    orders = asyncio.ensure_future(_stop_when_told(name, stdin, load))
    try:
        return await load.run()
    finally:
        orders.cancel()


async def _stop_when_told(name: str, stdin: asyncio.StreamReader, load: Ordered) -> None:
    while (order := await stdin.readline()) not in (b"", b"stop\n"):
        print(f"{name}: {order!r} is no order: expected stop", file=sys.stderr)
    load.stop()
