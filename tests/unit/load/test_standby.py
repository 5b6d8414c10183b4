"""The process of a load before its plan: up before it is needed, and gone when it never is."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from counting_server import counting_server
from load_plans import shard_plan, shared

from lab.nanoseconds import NS_PER_MS
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes import standby
from lab.runtimes.processes.standby import ShardStandby, stand_by

AHEAD_NS = 100 * NS_PER_MS
LOAD = shared(5, 50)


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[ShardStandby]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await stand_by(LOAD, environment, tmp_path / "load.log")
    yield process
    await process.end()


async def test_once_it_is_ready_its_users_begin_100_ms_after_the_plan(process: ShardStandby, tmp_path: Path) -> None:
    async with counting_server() as server:
        await process.ready()
        t0_ns = time.monotonic_ns()
        plan = shard_plan(LOAD, port=server.port, rows=str(tmp_path / "rows"), t0_ns=t0_ns, start_ns=AHEAD_NS)
        users = process.begin(plan)
        await users.until_over()
        report = await users.stop()
    assert (report.exit, report.detail, server.seen.total()) == (0, "", 50)
    assert report.late_ms < 50  # over which a verdict is unknown


async def test_one_that_gets_no_plan_is_ended(process: ShardStandby) -> None:
    await process.ready()
    await process.end()
    assert not Path(f"/proc/{process.pid}").exists()


async def test_one_that_died_before_its_plan_is_told_by_its_users(process: ShardStandby, tmp_path: Path) -> None:
    await process.ready()
    os.kill(process.pid, signal.SIGKILL)
    users = process.begin(shard_plan(LOAD, rows=str(tmp_path / "rows")))
    assert await users.until_dead() == "SIGKILL"
    assert (await users.stop()).exit == -signal.SIGKILL


async def test_one_that_died_while_it_came_up_keeps_nobody_waiting(process: ShardStandby) -> None:
    os.kill(process.pid, signal.SIGKILL)
    await process.ready()


async def test_one_that_does_not_come_up_ends_the_stage(process: ShardStandby, monkeypatch: pytest.MonkeyPatch) -> None:
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(standby, "READY_WITHIN_S", 0.1)
    with pytest.raises(ServiceFailed, match=r"the process of the load is not up after 0\.1 s; it writes to .*load\.log"):
        await process.ready()
