"""The load as a process of its own: a shard that gets its plan on stdin and says a line a second on stdout."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from lab.nanoseconds import NS_PER_S
from lab.process import Process
from lab.runtimes.base import LoadReport, LoadTick
from lab.runtimes.processes.tick import Tick, tick_of

END_WITHIN_S = 5.0


class ShardUsers:
    """Begun by a ``ShardStandby``; its rows go to the file that the plan names, by its own hand."""

    def __init__(self, process: Process, ticks: asyncio.StreamReader, log: Path, start_ns: int) -> None:
        self._process = process
        self._log = log
        self._start_ns = start_ns
        self._latest = Tick()
        self._rate = 0.0
        self._asked = False
        self._reading = asyncio.ensure_future(self._read(ticks))

    @property
    def pid(self) -> int:
        return self._process.pid

    async def _read(self, ticks: asyncio.StreamReader) -> None:
        async for line in ticks:
            tick = tick_of(line)
            self._rate = float(tick.requests - self._latest.requests)  # one tick a second
            self._latest = tick

    @property
    def latest(self) -> LoadTick:
        now = self._latest
        return LoadTick(now.outcomes, self._rate, now.p95_ms, now.p50_ms, now.p99_ms, now.statuses, now.vus)

    async def stop(self) -> LoadReport:
        self._asked = True
        self._say_stop()
        try:
            code = await asyncio.wait_for(self._process.exited(), END_WITHIN_S)
        except TimeoutError:
            code = await self._process.stop(grace_s=0)
        await self._reading
        return LoadReport(
            exit=code,
            late_ms=self._latest.late_ms,
            cpu_share=self._cpu_share(),
            checks=self._latest.checks,
            script_errors=self._latest.script_errors,
            detail="" if code == 0 else _described(code, self._last_words()),
        )

    def _cpu_share(self) -> float:
        """Of one core, from the load's start to its last tick."""
        elapsed_s = (self._latest.t_ns - self._start_ns) / NS_PER_S
        return round(self._latest.cpu_s / elapsed_s, 3) if elapsed_s > 0 else 0.0

    def _say_stop(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(BrokenPipeError):  # it is gone already; its exit code tells
            pipe.write(b"stop\n")
        with suppress(BrokenPipeError):  # what was written is not there yet
            pipe.close()

    def _last_words(self) -> str:
        if self._latest.error:
            return self._latest.error
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return lines[-1] if lines else ""

    async def until_dead(self) -> str:
        code = await self._process.exited()
        if self._asked or code == 0:
            await asyncio.Event().wait()  # asked for, or all iterations done: none to be told of
        return _described(code, self._last_words())

    async def until_over(self) -> None:
        await self._process.exited()


def _described(code: int, last_words: str) -> str:
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"{how}: {last_words}" if last_words else how
