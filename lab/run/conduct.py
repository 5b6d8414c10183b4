"""A whole run inside its room, real or fake: every stage, then the ledger, whatever happens on the way."""

from __future__ import annotations

import asyncio

from lab.drill.model import Drill
from lab.history.model.events import RunEvent, StageEvent
from lab.history.model.ledger import Ledger
from lab.run.abort import Aborted
from lab.run.bench import Bench, StageBroken
from lab.run.stages import run_stage
from lab.runtimes.base import Room, ServiceFailed


async def conduct(bench: Bench) -> Ledger | None:
    """Runs the stages in order, reads the ledger before the target is stopped, closes the room.

    A stage that cannot be carried out ends the run (its reason stands in the history); being cancelled is an
    interruption: what ran is kept and can be judged as far as it goes. Returns the ledger, None without checks.
    """
    tape = bench.tape
    tape.write(RunEvent(t_ns=tape.now_ns(), phase="begin"))
    reason = "complete"
    ledger = None
    try:
        for index, stage in enumerate(bench.plan.drill.stages):
            if why := bench.plan.drill.skipped.get(stage.stage):
                tape.of_stage(stage.stage).write(StageEvent(t_ns=tape.now_ns(), phase="begin", skipped=why))
                tape.of_stage(stage.stage).write(StageEvent(t_ns=tape.now_ns(), phase="end", skipped=why))
                continue
            await run_stage(bench, index, stage)
    except (StageBroken, ServiceFailed) as error:
        reason = f"broken: {error}"
    except Aborted as error:
        reason = f"aborted: {error}"
    except asyncio.CancelledError:
        reason = "interrupted"
    try:
        ledger = await _ledger(bench.room, bench.plan.drill)
    finally:
        await bench.room.close()
    tape.write(RunEvent(t_ns=tape.now_ns(), phase="end", reason=reason))
    return ledger


async def _ledger(room: Room, drill: Drill) -> Ledger | None:
    if not drill.checks:
        return None
    if not room.service.running:
        return Ledger(complete=False, reason="the target was not running at the end, so its ledger could not be read")
    try:
        return await room.service.ledger()
    except (OSError, ValueError) as error:
        return Ledger(complete=False, reason=f"the ledger could not be read: {error}")
