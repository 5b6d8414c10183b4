"""The load as a process of its own: a shard that gets its plan on stdin and says a line a second on stdout."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.load.plan import ShardPlan
from lab.process import PIPE, Process
from lab.runtimes.base import LoadReport

END_WITHIN_S = 5.0


class ShardUsers:
    """Started by :func:`start`; its rows go to the file that the plan names, by its own hand."""

    def __init__(self, process: Process, ticks: asyncio.StreamReader, log: Path) -> None:
        self._process = process
        self._log = log
        self._latest: dict[str, Any] = {}
        self._asked = False
        self._reading = asyncio.ensure_future(self._read(ticks))

    @property
    def pid(self) -> int:
        return self._process.pid

    async def _read(self, ticks: asyncio.StreamReader) -> None:
        async for line in ticks:
            self._latest |= json.loads(line)

    @property
    def latest(self) -> Mapping[str, Any]:
        """The newest tick, for the display."""
        return self._latest

    async def stop(self) -> LoadReport:
        self._asked = True
        self._say_stop()
        try:
            code = await asyncio.wait_for(self._process.exited(), END_WITHIN_S)
        except TimeoutError:
            code = await self._process.stop(grace_s=0)
        await self._reading
        elapsed_s = max(float(self._latest.get("elapsed_s", 0.0)), 1e-9)
        return LoadReport(
            exit=code,
            late_ms=float(self._latest.get("late_ms", 0.0)),
            cpu_share=float(self._latest.get("cpu_s", 0.0)) / elapsed_s if "elapsed_s" in self._latest else 0.0,
            detail="" if code == 0 else self._last_words(),
        )

    def _say_stop(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            pipe.write(b"stop\n")
            pipe.close()
        except BrokenPipeError:
            pass  # it is gone already; its exit code tells

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return lines[-1] if lines else ""

    async def until_dead(self) -> str:
        code = await self._process.exited()
        if self._asked:
            await asyncio.Event().wait()  # an end that was asked for is none to be told of
        return f"the load's process ended by itself (code {code}): {self._last_words()}"


async def start(plan: ShardPlan, environment: Mapping[str, str], log: Path) -> ShardUsers:
    """Starts the shard and hands it its plan."""
    process = Process.spawn([sys.executable, "-m", "lab.load.shard"], env=environment, stdin=PIPE, stdout=PIPE, stderr=log)
    assert process.stdin is not None
    assert process.stdout is not None
    ticks = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ticks), process.stdout)
    process.stdin.write(plan.to_json().encode() + b"\n")
    process.stdin.flush()
    return ShardUsers(process, ticks, log)
