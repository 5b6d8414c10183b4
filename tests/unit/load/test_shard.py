"""The shard as the process that it is, before a server that counts."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from counting_server import CountingServer, counting_server
from load_plans import constant, shard_plan, shared

from lab.drill.model import Load
from lab.history.model.rows import Outcome, Rows
from lab.history.store import read_rows
from lab.nanoseconds import NS_PER_MS

SHARD = (sys.executable, "-m", "lab.load.shard")


@dataclass
class Ended:
    exit: int
    ticks: list[dict[str, Any]]
    rows: Rows
    stderr: str


class Shard:
    """The process of a shard, told to start 300 ms ahead."""

    def __init__(self, process: asyncio.subprocess.Process, rows: Path) -> None:
        self.process = process
        self._rows = rows
        assert process.stdin is not None
        assert process.stdout is not None
        self.stdin = process.stdin
        self.stdout = process.stdout
        self.ticks: list[dict[str, Any]] = []

    async def ready(self) -> None:
        assert json.loads(await self.stdout.readline()) == {"ready": True}

    async def tick(self) -> dict[str, Any]:
        self.ticks.append(json.loads(await self.stdout.readline()))
        return self.ticks[-1]

    async def ended(self) -> Ended:
        out, err = await asyncio.wait_for(self.process.communicate(), 20)
        ticks = [*self.ticks, *map(json.loads, out.splitlines())]
        return Ended(await self.process.wait(), ticks, read_rows(self._rows), err.decode())


async def shard(tmp_path: Path, server: CountingServer, load: Load, before: Callable[[], None] | None = None) -> Shard:
    rows = tmp_path / "rows.arrows"
    t0_ns = time.monotonic_ns()
    plan = shard_plan(load, port=server.port, rows=str(rows), t0_ns=t0_ns, start_ns=300 * NS_PER_MS)
    process = await asyncio.create_subprocess_exec(
        *SHARD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before
    )
    running = Shard(process, rows)
    running.stdin.write(plan.to_json().encode() + b"\n")
    await running.ready()
    return running


async def saw(server: CountingServer, requests: int) -> None:
    async with asyncio.timeout(20):
        while server.seen.total() < requests:  # noqa: ASYNC110  # the server's counter announces nothing
            await asyncio.sleep(0.001)


ENDS: dict[str, Callable[[Shard], None]] = {
    "stop": lambda running: running.stdin.write(b"stop\n"),
    "end of input": lambda running: running.stdin.close(),
    "SIGTERM": lambda running: running.process.terminate(),
}


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
def test_a_shard_ends_when_told_and_every_request_is_a_row(tmp_path: Path, end: str) -> None:
    async def story() -> None:
        async with counting_server() as server:
            running = await shard(tmp_path, server, constant(20))
            await saw(server, 200)
            ENDS[end](running)
            ended = await running.ended()
        assert (ended.exit, ended.stderr) == (0, "")
        last = ended.ticks[-1]
        assert last["end"] is True
        assert last["requests"] == len(ended.rows) == sum(last["outcomes"].values())
        assert set(ended.rows.outcome.tolist()) <= {Outcome.OK, Outcome.CUT}
        assert set(server.seen.values()) == {1}
        assert set(server.seen) <= set(ended.rows.key.tolist())
        assert ended.rows.due_ns.min() == 300 * NS_PER_MS
        assert last["late_ms"] >= 0
        assert last["cpu_s"] > 0

    asyncio.run(story())


@pytest.mark.slow
def test_a_killed_shard_has_written_all_that_it_has_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with counting_server() as server:
            running = await shard(tmp_path, server, constant(2))
            tick = await running.tick()
            running.process.kill()
            ended = await running.ended()
        assert ended.exit == -signal.SIGKILL
        assert tick["requests"] > 0
        assert len(ended.rows) >= tick["requests"]

    asyncio.run(story())


@pytest.mark.slow
def test_a_burst_ends_by_itself_and_ctrl_c_is_not_its_business(tmp_path: Path) -> None:
    async def story() -> None:
        async with counting_server() as server:
            running = await shard(tmp_path, server, shared(30, 900))
            await saw(server, 30)
            running.process.send_signal(signal.SIGINT)
            ended = await running.ended()
        assert ended.exit == 0
        assert len(ended.rows) == server.seen.total() == 900

    asyncio.run(story())


@pytest.mark.slow
def test_a_shard_that_cannot_write_its_rows_ends_the_load_and_says_why(tmp_path: Path) -> None:
    async def story() -> None:
        async with counting_server() as server:
            running = await shard(tmp_path, server, constant(20), before=_little_room)
            ended = await running.ended()
        assert ended.exit == 1
        assert ended.ticks[-1]["end"] is True
        assert "rows.arrows" in ended.ticks[-1]["error"]

    asyncio.run(story())


def _little_room() -> None:
    """Files of this process cannot grow over 4 kB: what a full disk looks like to whoever writes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.slow
@pytest.mark.parametrize("line", ["nonsense", shard_plan(shared(5, 3)).to_json()], ids=["no plan", "impossible"])
def test_what_is_no_plan_is_refused_before_anything_starts(line: str) -> None:
    ended = subprocess.run(SHARD, input=line + "\n", capture_output=True, text=True, timeout=20)
    assert (ended.returncode, ended.stdout) == (2, '{"ready": true}\n')
    assert ended.stderr.startswith("shard: ")
