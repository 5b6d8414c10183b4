"""A run in the fake room: the same stages, the same files, in virtual time inside this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import looptime

from lab import catalogue
from lab.clock import LoopClock
from lab.drill.model import RunPlan
from lab.history import store
from lab.history.model.ledger import Ledger
from lab.history.model.rows import Row, Rows
from lab.load.keys import key_blocks
from lab.run.bench import Bench
from lab.run.conduct import conduct
from lab.run.tape import Tape
from lab.runtimes.fake import FakeRoom, Traits

LOOK_EVERY_S = 0.05


def _never() -> bool:
    return False


def run(run_dir: Path, plan: RunPlan, traits: Traits | None = None, interrupted: Callable[[], bool] = _never) -> None:
    """Conducts ``plan`` and writes its history, deterministic for the plan's seed. On asyncio's own loop: looptime
    fails on uvloop. As soon as ``interrupted`` says so, the run ends as one with Ctrl-C does. Raises OSError."""
    # noop_cycles: looptime idles 42 times before each step, for I/O that might come; nothing comes from outside here
    loop = looptime.new_event_loop(noop_cycles=1)
    try:
        loop.run_until_complete(_run(run_dir, plan, traits, interrupted))
    finally:
        loop.close()


async def _run(run_dir: Path, plan: RunPlan, traits: Traits | None, interrupted: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, loop.time())
    with ExitStack() as stack:
        events = stack.enter_context(closing(store.EventWriter(store.events_path(run_dir, "run"), "run")))
        probe = stack.enter_context(closing(store.RowWriter(store.probe_rows_path(run_dir))))
        load = stack.enter_context(closing(store.RowWriter(store.load_rows_path(run_dir, 0))))
        bench = _bench(plan, FakeRoom(plan, clock, traits), Tape(events, clock), probe, load)
        ledger = await _unless(interrupted, conduct(bench))
    if ledger is not None:
        store.write_ledger(run_dir, ledger)


async def _unless(interrupted: Callable[[], bool], conducting: Coroutine[None, None, Ledger | None]) -> Ledger | None:
    """Cancelled once, and once only, a run heals and ends."""
    task = asyncio.ensure_future(conducting)
    while not task.done() and not interrupted():
        await asyncio.wait([task], timeout=LOOK_EVERY_S)
    task.cancel()  # nothing to a task that is done
    return await task


def _bench(plan: RunPlan, room: FakeRoom, tape: Tape, probe: store.RowWriter, load: store.RowWriter) -> Bench:
    def keep_load_rows(rows: Sequence[Row]) -> None:
        for row in rows:
            load.append(row)

    return Bench(
        room=room,
        plan=plan,
        tape=tape,
        keep_row=probe.append,
        keep_load_rows=keep_load_rows,
        rows_path=lambda _number: "",
        unexpected_path=lambda _number: "",
        load_so_far=lambda _index: lambda: Rows.of([]),  # simulated users have no rows before their end
        faults=catalogue.faults(),
        keys=key_blocks(),
        requests=plan.drill.target.requests,
    )
