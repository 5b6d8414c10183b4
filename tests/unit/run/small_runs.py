"""A run of one short stage in the fake room, in virtual time, whose parts a test may break; its events come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import looptime

from lab import catalogue
from lab.clock import LoopClock
from lab.drill.model import Alarms, DiedAlarm, Drill, FaultCall, Measure, Probe, Request, Respond, RunPlan, Scalar, Stage, Target
from lab.fault import Counters, Fault, Place
from lab.history.model.events import Event
from lab.history.model.rows import Row, Rows
from lab.load.keys import key_blocks
from lab.run.bench import Bench
from lab.run.conduct import conduct
from lab.run.tape import Tape
from lab.runtimes.fake import FakeRoom
from lab.runtimes.fake.service import FakeService

Kind = TypeVar("Kind", bound=Event)
RESTART = {"auto-restart": Measure(respond=(Respond(when="died", do="restart"),))}
TARGET = Target(command="x", requests={"order": Request(post="/orders", json={})}, boot=1.0)


@dataclass
class Events:
    """An EventSink that keeps what it is given, and the probe's rows."""

    written: list[Event] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def write(self, event: Event) -> None:
        self.written.append(event)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.written if isinstance(event, kind)]


class UnreadableRoom(FakeRoom):
    """Its evidence raises from the given reading on (0: the first)."""

    def __init__(self, plan: RunPlan, clock: LoopClock, readable: int) -> None:
        super().__init__(plan, clock)
        self._readable = readable

    def evidence(self, fault: Fault, place: Place) -> Counters:
        self._readable -= 1
        if self._readable < 0:
            raise KeyError("ListenOverflows")
        return super().evidence(fault, place)


class StartsOnce(FakeService):
    """Its second start raises what is no ServiceFailed."""

    starts = 0

    async def start(self, settings: Mapping[str, Scalar]) -> None:
        self.starts += 1
        if self.starts > 1:
            raise OSError("no space left on device")
        await super().start(settings)


def a_plan(
    fault: str | FaultCall | None = "crash", measures: Mapping[str, Measure] = RESTART, target: Target = TARGET
) -> RunPlan:
    """One stage, six requests a second: a second of virtual time costs a millisecond."""
    stage = Stage(
        stage="only",
        probe=Probe(rate=6, kept=1),
        fault=FaultCall(fault) if isinstance(fault, str) else fault,
        measures=measures,
        alarm=Alarms(died=DiedAlarm()),
    )
    drill = Drill(drill="small", target=target, stages=(stage,))
    return RunPlan(drill=drill, runtime="fake", seed=7, t0_ns=0, epoch_ns=0, planned={"only": 100}, lab="0")


def conducted(plan: RunPlan, room: Callable[[RunPlan, LoopClock], FakeRoom], *, stop_after_s: float = 60.0) -> Events:
    """The events of a run, which is interrupted when it takes longer than ``stop_after_s`` of its own time.

    Fails when a task is left behind.
    """
    loop = looptime.new_event_loop(noop_cycles=1)
    try:
        return loop.run_until_complete(_conducted(plan, room, stop_after_s))
    finally:
        loop.close()


async def _conducted(plan: RunPlan, room: Callable[[RunPlan, LoopClock], FakeRoom], stop_after_s: float) -> Events:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, loop.time())
    events = Events()
    running = asyncio.ensure_future(conduct(_bench(plan, room(plan, clock), Tape(events, clock), events.rows)))
    loop.call_later(stop_after_s, running.cancel)
    await running
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a task was left behind"
    return events


def _bench(plan: RunPlan, room: FakeRoom, tape: Tape, rows: list[Row]) -> Bench:
    return Bench(
        room=room,
        plan=plan,
        tape=tape,
        keep_row=rows.append,
        keep_load_rows=lambda _rows: None,
        rows_path=lambda _number: "",
        unexpected_path=lambda _number: "",
        load_so_far=lambda _index: lambda: Rows.of([]),
        faults=catalogue.faults(),
        keys=key_blocks(),
        requests=plan.drill.target.requests,
    )
