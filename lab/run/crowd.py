"""The load of a stage: begun at an absolute instant, watched, ended."""

from __future__ import annotations

from contextlib import AsyncExitStack

from lab.clock import sleep_until
from lab.drill.model import Load
from lab.history.model.events import LoadEvent
from lab.load.plan import ShardPlan
from lab.run.background import beside
from lab.run.bench import Bench
from lab.run.tape import Tape
from lab.runtimes.base import Users

START_AHEAD_NS = 1_000_000_000
"""The start lies this far ahead, so that a shard's process is there in time (boot: 200 ms idle, 600 ms beside two other
drills on two CPUs)."""


async def begin(bench: Bench, index: int, load: Load, tape: Tape, port: int, stack: AsyncExitStack) -> Users:
    """Starts the load and returns at its first instant; the stack ends it."""
    plan = _shard_plan(bench, index, load, port)
    users = await bench.room.start_load(plan)
    stack.push_async_callback(_end, bench, users, tape)
    beside(stack, _watch(users, tape))
    tape.write(LoadEvent(t_ns=tape.now_ns(), phase="begin", planned_ns=plan.start_ns))
    await sleep_until(bench.room.clock, plan.start_ns)
    return users


def _shard_plan(bench: Bench, index: int, load: Load, port: int) -> ShardPlan:
    requests = bench.requests
    return ShardPlan(
        shard=0,
        shards=1,
        start_ns=bench.room.clock.now_ns() + START_AHEAD_NS,
        t0_ns=bench.plan.t0_ns,
        host="127.0.0.1",
        port=port,
        load=load,
        requests=tuple((i, name, request) for i, (name, request) in enumerate(requests.items()) if name in load.request),
        scenario=index,
        seed=bench.plan.seed,
        run=bench.run_id,
        first_key=next(bench.keys),
        rows=bench.rows_path(index),
        headers={"X-Lab-Run": bench.run_id},
    )


async def _watch(users: Users, tape: Tape) -> None:
    how = await users.until_dead()
    tape.write(LoadEvent(t_ns=tape.now_ns(), phase="end", exit=1, detail=how))


async def _end(bench: Bench, users: Users, tape: Tape) -> None:
    report = await users.stop()
    bench.keep_load_rows(report.rows)
    tape.write(
        LoadEvent(
            t_ns=tape.now_ns(),
            phase="end",
            exit=report.exit,
            late_ms=report.late_ms,
            cpu_share=report.cpu_share,
            detail=report.detail,
        )
    )
