"""The process of a load before it has a plan: it loads its code while the target boots."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lab.drill.model import Load
from lab.load.k6_plan import K6Plan
from lab.load.plan import ShardPlan
from lab.pipe import reading
from lab.process import PIPE, Process
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes.users import ShardUsers

READY_WITHIN_S = 10.0
"""It is up in 200 ms on an idle machine, in 600 ms beside two other drills on two CPUs."""
LONGEST_TICK_BYTES = 4 << 20
"""A script names its checks, a thousand of them at most, as it likes."""


class ShardStandby:
    """Started by :func:`stand_by`. ``k6``: the path of the real one, which a script needs."""

    def __init__(self, process: Process, ticks: asyncio.StreamReader, log: Path, k6: str) -> None:
        self._process = process
        self._ticks = ticks
        self._log = log
        self._k6 = k6
        self._begun = False

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        """Returns too when the process has ended: what it died of is told by the users that it was to be."""
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._ticks.readline()
        except TimeoutError as error:
            late = f"the process of the load is not up after {READY_WITHIN_S:g} s; it writes to {self._log}"
            raise ServiceFailed(late) from error

    def begin(self, plan: ShardPlan) -> ShardUsers:
        self._begun = True
        told = _for_k6(plan, self._k6).to_json() if plan.load.k6 else plan.to_json()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it is gone already; its exit code tells
            self._process.stdin.write(told.encode() + b"\n")
            self._process.stdin.flush()
        return ShardUsers(self._process, self._ticks, self._log, plan.start_ns)

    async def end(self) -> None:
        if self._begun:
            return
        await self._process.stop(grace_s=0)
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._ticks.read()  # to its end, where the loop closes the pipe


async def stand_by(load: Load, environment: Mapping[str, str], log: Path, *, k6: str | None = None) -> ShardStandby:
    """Starts the shard; or, where the load is a script, what puts the real ``k6`` behind the same protocol."""
    module = "lab.load.k6" if load.k6 else "lab.load.shard"
    process = Process.spawn([sys.executable, "-m", module], env=environment, stdin=PIPE, stdout=PIPE, stderr=log)
    assert process.stdout is not None
    return ShardStandby(process, await reading(process.stdout, LONGEST_TICK_BYTES), log, k6 or "")


def _for_k6(plan: ShardPlan, k6: str) -> K6Plan:
    return K6Plan(
        script=str(Path(plan.load.k6 or "").absolute()),
        k6=k6,
        start_ns=plan.start_ns,
        t0_ns=plan.t0_ns,
        host=plan.host,
        port=plan.port,
        tls=plan.tls,
        scenario=plan.scenario,
        requests=tuple((index, name, request.post or request.get or "/") for index, name, request in plan.requests),
        run=plan.run,
        first_key=plan.first_key,
        rows=plan.rows,
        headers=plan.headers,
    )
