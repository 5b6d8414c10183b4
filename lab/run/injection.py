"""The fault of a stage: injected, left to stand, healed, and its evidence read all the while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from lab.drill.model import Stage
from lab.fault import Counters, Fault, Place
from lab.history.model.events import FaultErrorEvent, HealEvent, InjectEvent, LandedEvent, SteadyEvent
from lab.run.background import end, unless_one_fails
from lab.run.bench import StageBroken
from lab.run.tape import Tape
from lab.runtimes.base import Room
from lab.watch.watcher import Watcher

EVIDENCE_EVERY_S = 0.1
ONCE_MORE = 5
"""Requests of the probe, as one alone may be late."""
Reason = Literal["planned", "recovered", "deadline", "interrupted"]
"""Why a fault was healed when it was."""


@dataclass(frozen=True)
class Injection:
    """One fault in one place. ``evidence`` may be read before, during and after."""

    fault: Fault
    place: Place
    room: Room

    def read_evidence(self, tape: Tape) -> Counters:
        """The fault's counters of now. Raises StageBroken: a fault that cannot be read cannot be shown to have landed."""
        try:
            return self.room.evidence(self.fault, self.place)
        except Exception as error:
            raise self._broken(tape, "evidence", error) from error

    async def stand(self, stage: Stage, tape: Tape, watcher: Watcher) -> Reason:
        """Injects, waits until the fault has stood long enough, heals whatever happens; why it was healed then.

        Raises StageBroken.
        """
        reading = asyncio.ensure_future(self._landed(tape, self.read_evidence(tape)))
        try:
            return await unless_one_fails([reading], self._let_loose(stage, tape, watcher))
        finally:
            await end(reading)

    async def _let_loose(self, stage: Stage, tape: Tape, watcher: Watcher) -> Reason:
        during: Literal["inject", "heal"] = "inject"
        reason: Reason = "interrupted"
        try:
            begin_ns = self.room.clock.now_ns()
            tape.write(InjectEvent(t_ns=begin_ns, phase="begin", fault=self.fault.name))
            watcher.injected(begin_ns)
            async with self.room.let_loose(self.fault, self.place) as done:
                tape.write(InjectEvent(t_ns=tape.now_ns(), phase="end", fault=self.fault.name, done=done))
                during = "heal"
                try:
                    reason = await _until_over(stage, watcher, tape)
                finally:
                    tape.write(HealEvent(t_ns=tape.now_ns(), phase="begin", reason=reason))
            tape.write(HealEvent(t_ns=tape.now_ns(), phase="end", reason=reason))
            return reason
        except asyncio.CancelledError:
            if during == "heal":  # the fault is out of its block: it was healed on the way
                tape.write(HealEvent(t_ns=tape.now_ns(), phase="end", reason=reason))
            raise
        except Exception as error:  # a fault may be anybody's code: whatever it raises is told, and ends the stage
            raise self._broken(tape, during, error) from error

    def _broken(self, tape: Tape, during: Literal["inject", "evidence", "heal"], error: Exception) -> StageBroken:
        told = str(error) or type(error).__name__
        tape.write(FaultErrorEvent(t_ns=tape.now_ns(), fault=self.fault.name, during=during, error=told))
        return StageBroken(f"fault {self.fault.name}, {during}: {told}")

    async def _landed(self, tape: Tape, before: Counters) -> None:
        """Writes the counters whenever one is higher than ever: a restart may set a listener's own back to zero."""
        highest = dict(before)
        while True:
            await asyncio.sleep(EVIDENCE_EVERY_S)
            now = self.read_evidence(tape)
            if any(value > highest.get(name, 0) for name, value in now.items()):
                highest = {name: max(value, highest.get(name, 0)) for name, value in now.items()}
                tape.write(LandedEvent(t_ns=tape.now_ns(), counters=highest))


async def _until_over(stage: Stage, watcher: Watcher, tape: Tape) -> Reason:
    """Why the fault is to be healed now."""
    if not stage.until_recovered:
        await asyncio.sleep(stage.lasts)
        return "planned"
    if not await watcher.recovers_within(stage.deadline_s):
        return "deadline"
    tape.write(SteadyEvent(t_ns=tape.now_ns()))
    return "recovered"


async def cool(stage: Stage, watcher: Watcher, why: Reason) -> None:
    """After the heal: at least ``cool``, at most as long as a recovery at its deadline takes to be confirmed.

    Healed because the deadline was past: until the probe has asked once more, for no recovery after it counts, and the
    instant of the heal lies between two requests then.
    """
    if why == "deadline":
        await asyncio.sleep(ONCE_MORE / stage.probe.rate)
        return
    await asyncio.sleep(stage.shortest_cool_s)
    if stage.cool_s > stage.shortest_cool_s:
        await watcher.recovers_within(stage.cool_s - stage.shortest_cool_s)
