"""What is read of the machine and of the target while a stage runs: once a second for the record, more often for alarms."""

from __future__ import annotations

import asyncio

from lab.clock import sleep_until
from lab.drill.model import SAMPLE_S, Stage
from lab.history.model.events import HealthEvent, ResourceEvent, SensorEvent
from lab.judge.known import LATE_NS
from lab.nanoseconds import NS_PER_S
from lab.run.bench import Bench
from lab.run.tape import Tape
from lab.watch.watcher import Watcher

EVERY_S = 1.0


async def of_the_listener(bench: Bench, stage: Stage, watcher: Watcher) -> None:
    """What waits there, is open and was dropped, for the alarm rules that are about it."""
    wanted = stage.alarm.of_listener if stage.alarm else {}
    while wanted:
        watcher.read(await bench.room.at_the_listener(wanted))
        await asyncio.sleep(SAMPLE_S)


async def of_health(bench: Bench, stage: Stage, watcher: Watcher) -> None:
    """What the target's health check says, for the alarm rule that is about it."""
    rule = stage.alarm.health if stage.alarm else None
    clock = bench.room.clock
    while rule is not None:
        asked_ns = clock.now_ns()
        said = await bench.room.service.ask_health(rule.timeout)
        now_ns = clock.now_ns()
        late = bool(said) and now_ns - asked_ns - round(rule.timeout * NS_PER_S) > LATE_NS
        watcher.answered(HealthEvent(t_ns=now_ns, asked_ns=asked_ns, said=said, late=late))
        await sleep_until(clock, asked_ns + round(rule.every * NS_PER_S))


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
