"""A run in the fake room: the same stages, the same files, in virtual time inside this process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import looptime

from lab import catalogue
from lab.clock import LoopClock
from lab.drill.model import RunPlan
from lab.history import store
from lab.history.model.rows import Row
from lab.run.bench import Bench
from lab.run.conduct import conduct
from lab.run.keys import key_blocks
from lab.run.tape import Tape
from lab.runtimes.fake import FakeRoom, Traits


def run(run_dir: Path, plan: RunPlan, traits: Traits | None = None) -> None:
    """Conducts ``plan`` and writes its history, deterministic for the plan's seed. On asyncio's own loop: looptime
    fails on uvloop."""
    # noop_cycles: looptime idles 42 times before each step, for I/O that might come; nothing comes from outside here
    loop = looptime.new_event_loop(noop_cycles=1)
    try:
        loop.run_until_complete(_run(run_dir, plan, traits))
    finally:
        loop.close()


async def _run(run_dir: Path, plan: RunPlan, traits: Traits | None) -> None:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, loop.time())
    events = store.EventWriter(store.events_path(run_dir, "run"), "run")
    probe = store.RowWriter(store.probe_rows_path(run_dir))
    load = store.RowWriter(store.load_rows_path(run_dir, 0))

    def keep_load_rows(rows: Sequence[Row]) -> None:
        for row in rows:
            load.append(row)

    bench = Bench(
        room=FakeRoom(plan, clock, traits),
        plan=plan,
        tape=Tape(events, clock),
        keep_row=probe.append,
        keep_load_rows=keep_load_rows,
        rows_path=lambda _index: "",
        faults=catalogue.faults(),
        keys=key_blocks(),
        requests=plan.drill.target.requests,
    )
    ledger = await conduct(bench)
    for writer in (probe, load, events):
        writer.close()
    if ledger is not None:
        store.write_ledger(run_dir, ledger)
