"""How long one sample of the queue alarm keeps the loop that takes it, at a busy listener with many connections."""

from __future__ import annotations

import asyncio
import time

from benchmarks.programs import Failed
from benchmarks.recovery.probe import Probe
from lab.http.exchange import Line
from lab.watch import inet_diag

CONNECTIONS, SAMPLES, EVERY_S = 600, 3000, 0.002


async def samples_ms(port: int) -> list[float]:
    """:data:`SAMPLES` of them, while :data:`CONNECTIONS` are kept and 100 new ones a second ask."""
    crowd = Probe(port)
    lines: list[Line | None] = []
    for _ in range(CONNECTIONS // 20):
        now_ns = time.monotonic_ns()
        lines += await asyncio.gather(*(crowd.ask(now_ns, kept=True) for _ in range(20)))
    if sum(line is not None for line in lines) != CONNECTIONS:
        raise Failed("the target has closed some of the connections that were to be kept")
    found = []
    async with Probe(port).asking():
        for _ in range(SAMPLES):
            found.append(_sample_ms(port))
            await asyncio.sleep(EVERY_S)
    for line in lines:
        if line is not None:
            line.close()
    return found


def _sample_ms(port: int) -> float:
    """What ``runtimes.processes.accepting`` asks in the loop itself: all else that it reads, it reads in a thread."""
    begin_ns = time.perf_counter_ns()
    if inet_diag.accept_queue(port) is None:
        raise Failed("nobody listens where the queue was to be read")
    return (time.perf_counter_ns() - begin_ns) / 1e6
