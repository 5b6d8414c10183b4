"""A team's own commands, run in the room: what they say goes to a file, how they end is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.process import Process
from lab.runtimes.base import CommandEnd
from lab.runtimes.processes.ending import described

LINES = 5
MOST_BYTES = 16_384
"""Of what it said, read from the end."""


class Commands:
    """What a command has started and left behind lives as long as the room: it may be the new service."""

    def __init__(self, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log
        self._environment = environment
        self._processes: list[Process] = []

    @property
    def pids(self) -> set[int]:
        return {process.pid for process in self._processes}

    async def run(self, argv: Sequence[str], variables: Mapping[str, str], within_s: float) -> CommandEnd:
        """From the working directory, with ``variables`` over the room's environment."""
        said_from = self._log.stat().st_size if self._log.exists() else 0
        environment = {**self._environment, **variables}
        try:
            process = Process.spawn(argv, env=environment, stdout=self._log, stderr=self._log, guarded=True)
        except OSError as error:
            return CommandEnd(False, f"cannot be started: {error}")
        self._processes.append(process)
        try:
            async with asyncio.timeout(within_s):
                code = await process.ended()  # not reaped: what it left in its group must be found at the end
        except TimeoutError:
            await process.stop(grace_s=0)
            return CommandEnd(False, f"killed: not done within {within_s:g} s", self._lines(said_from))
        return CommandEnd(code == 0, described(code), self._lines(said_from))

    def _lines(self, said_from: int) -> Sequence[str]:
        with self._log.open("rb") as log:
            end = log.seek(0, 2)
            log.seek(max(said_from, end - MOST_BYTES))
            return log.read().decode(errors="replace").splitlines()[-LINES:]

    async def close(self) -> None:
        for process in self._processes:
            await process.stop(grace_s=0)
