"""What is read of the machine and of the target once a second while a stage runs, for the record."""

from __future__ import annotations

import asyncio

from lab.history.model.events import ResourceEvent, SensorEvent
from lab.run.bench import Bench
from lab.run.tape import Tape

EVERY_S = 1.0


async def of_the_machine(bench: Bench, tape: Tape) -> None:
    while True:
        if readings := bench.room.readings():
            tape.write(SensorEvent(t_ns=tape.now_ns(), readings=readings))
        await asyncio.sleep(EVERY_S)


async def of_the_target(bench: Bench, tape: Tape) -> None:
    """What the process holds, and its JVM. A target that is not there has none."""
    while True:
        service = bench.room.service
        if readings := await service.resources():
            tape.write(ResourceEvent(t_ns=tape.now_ns(), pid=int(readings["pid"]), readings=readings))
        await asyncio.sleep(EVERY_S)
