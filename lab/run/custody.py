"""Who may start, stop or hold down the target's process: one at a time, and the history shows who."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lab.history.model.events import HoldEvent
from lab.run.tape import Tape


class Custody:
    """Of one stage. Who comes second waits until the first lets go."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def of(self, owner: str) -> AsyncIterator[None]:
        asked_ns, taken = self._tape.now_ns(), self._lock.locked()
        async with self._lock:
            now_ns = self._tape.now_ns()
            waited_ns = now_ns - asked_ns if taken else 0
            self._tape.write(HoldEvent(t_ns=now_ns, phase="begin", owner=owner, waited_ns=waited_ns))
            try:
                yield
            finally:
                self._tape.write(HoldEvent(t_ns=self._tape.now_ns(), phase="end", owner=owner))
