"""More processes of the target on the listener that the lab holds: each started, asked for its health, watched, ended."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lab.process import Process
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes.ending import described


@dataclass(frozen=True, eq=False)
class Worker:
    process: Process
    watching: asyncio.Task[None]


class Workers:
    """Those that were added to the first, oldest first."""

    def __init__(self) -> None:
        self._all: list[Worker] = []
        self._starting: Process | None = None
        self.deaths = 0

    def __len__(self) -> int:
        return len(self._all)

    @property
    def pids(self) -> set[int]:
        return {w.process.pid for w in self._all} | ({self._starting.pid} if self._starting else set())

    async def add(self, process: Process, ready: Callable[[Process], Awaitable[None]], ended: Callable[[str], None]) -> None:
        """Raises what ``ready`` does; the process is then ended."""
        self._starting = process
        try:
            await ready(process)
        except BaseException:
            await process.stop(grace_s=0)
            raise
        finally:
            self._starting = None
        self._all.append(Worker(process, asyncio.ensure_future(self._watch(process, ended))))

    async def _watch(self, process: Process, ended: Callable[[str], None]) -> None:
        code = await process.ended()
        self.deaths += 1
        self._all = [worker for worker in self._all if worker.process is not process]
        await process.stop(grace_s=0)  # what it has left of its group
        ended(f"worker pid {process.pid} ended: {described(code)}")

    async def remove(self, grace_s: float) -> int:
        """The pid of the newest, which is gone. Raises ServiceFailed."""
        if not self._all:
            raise ServiceFailed("no worker was added, so none can be taken away")
        worker = self._all.pop()
        await _end(worker, grace_s)
        return worker.process.pid

    async def end(self, grace_s: float) -> None:
        workers, self._all = self._all, []
        await asyncio.gather(*(_end(worker, grace_s) for worker in workers))


async def _end(worker: Worker, grace_s: float) -> None:
    worker.watching.cancel()  # an end that we ask for is no death
    await worker.process.stop(grace_s)


def free_port() -> int:
    """For a worker's health; nobody uses it now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])
