"""The load of a stage: its shards are begun at one absolute instant, watched, ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from lab.clock import sleep_until
from lab.drill.model import Load
from lab.history.model.events import LoadEvent
from lab.load.plan import ShardPlan
from lab.run.background import beside
from lab.run.bench import Bench
from lab.run.tape import Tape
from lab.runtimes.base import LoadTick, Standby, Users

START_AHEAD_NS = 200_000_000
"""The start lies this far ahead of the plan, so that a shard has made its users by then: 20 to 41 ms for 300, up to 54 ms for
2,000 on an idle machine [M]; over 50 ms late makes a verdict unknown."""
SCRIPT_AHEAD_NS = 1_000_000_000
"""A script is read first; k6 also boots, twice."""


@dataclass(frozen=True)
class Crowd:
    """All shards as one."""

    shards: Sequence[Users]

    @property
    def latest(self) -> LoadTick:
        """Quantiles of several shards cannot be put together: the worst stands for all, on the display."""
        ticks = [users.latest for users in self.shards]
        return LoadTick(
            outcomes=_summed(tick.outcomes for tick in ticks),
            rate=sum(tick.rate for tick in ticks),
            p95_ms=max(tick.p95_ms for tick in ticks),
            p50_ms=max(tick.p50_ms for tick in ticks),
            p99_ms=max(tick.p99_ms for tick in ticks),
            statuses=_summed(tick.statuses for tick in ticks),
            vus=sum(tick.vus for tick in ticks),
        )

    async def until_over(self) -> None:
        """Returns when every shard has done all it had to do, or has broken off, which :func:`_watch` tells at once."""
        await asyncio.gather(*(users.until_over() for users in self.shards))


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(total)


@dataclass(frozen=True)
class Crew:
    """The processes of a load before it begins, one for each shard."""

    load: Load
    standbys: Sequence[Standby]


@asynccontextmanager
async def standing_by(bench: Bench, index: int, load: Load | None) -> AsyncIterator[Crew | None]:
    """They come up while there is nothing to ask yet; None of a stage without a load."""
    if load is None:
        yield None
        return
    async with AsyncExitStack() as stack:
        standbys = []
        for _ in range(_shards(bench, load)):
            standbys.append(await bench.room.stand_by(index, load))
            stack.push_async_callback(standbys[-1].end)
        yield Crew(load, standbys)


def _shards(bench: Bench, load: Load) -> int:
    return 1 if load.k6 else min(bench.plan.shards, load.most_vus)  # a shard without users would drop its iterations


async def begin(bench: Bench, index: int, crew: Crew, tape: Tape, port: int, stack: AsyncExitStack) -> Crowd:
    """Starts the load and returns at its first instant; the stack ends it. Raises ServiceFailed when a process is not up."""
    for standby in crew.standbys:
        await standby.ready()
    start_ns = bench.room.clock.now_ns() + (SCRIPT_AHEAD_NS if crew.load.scripted else START_AHEAD_NS)
    shards = []
    for shard, standby in enumerate(crew.standbys):
        users = standby.begin(_shard_plan(bench, index, (shard, len(crew.standbys)), crew.load, port, start_ns))
        stack.push_async_callback(_end, bench, shard, users, tape)
        beside(stack, _watch(shard, users, tape))
        shards.append(users)
    tape.write(LoadEvent(t_ns=tape.now_ns(), phase="begin", planned_ns=start_ns))
    await sleep_until(bench.room.clock, start_ns)
    return Crowd(shards)


def _shard_plan(bench: Bench, index: int, which: tuple[int, int], load: Load, port: int, start_ns: int) -> ShardPlan:
    """``which``: the number of the shard, and of how many."""
    requests = bench.requests
    shard, count = which
    asked = requests if load.k6 or load.python else load.request
    return ShardPlan(
        shard=shard,
        shards=count,
        start_ns=start_ns,
        t0_ns=bench.plan.t0_ns,
        host=bench.room.host,
        port=port,
        tls=bench.room.tls,
        load=load,
        requests=tuple((i, name, each) for i, (name, each) in enumerate(requests.items()) if name in asked),
        scenario=index,
        seed=bench.plan.seed,
        run=bench.run_id,
        first_key=next(bench.keys),
        rows=bench.rows_path(number := index * bench.plan.shards + shard),
        unexpected=bench.unexpected_path(number),
        headers={"X-Lab-Run": bench.run_id},
    )


async def _watch(shard: int, users: Users, tape: Tape) -> None:
    how = await users.until_dead()
    tape.write(LoadEvent(t_ns=tape.now_ns(), phase="end", shard=shard, exit=1, detail=how))


async def _end(bench: Bench, shard: int, users: Users, tape: Tape) -> None:
    report = await users.stop()
    bench.keep_load_rows(report.rows)
    tape.write(
        LoadEvent(
            t_ns=tape.now_ns(),
            phase="end",
            shard=shard,
            exit=report.exit,
            late_ms=report.late_ms,
            cpu_share=report.cpu_share,
            detail=report.detail,
            checks=report.checks,
            script_errors=report.script_errors,
        )
    )
