"""What a load's process leaves behind, in one beat: its rows in a file, how it goes on standard output, a line of JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from lab.clock import Clock
from lab.history.model.rows import Rows
from lab.history.store import RowWriter
from lab.load.tally import Tally

FLUSH_EVERY_S = 0.25
"""What a SIGKILL costs at most."""
FLUSHES_PER_TICK = 4


class Record:
    """``flush`` brings what has come up since the last time (:meth:`write`), ``told`` is the load's share of a tick, ``stop``
    ends it: there is no load without a record. Raises OSError when the file of ``rows`` cannot be made.
    """

    def __init__(
        self,
        rows: str,
        clock: Clock,
        start_ns: int,
        *,
        flush: Callable[[], None],
        told: Callable[[], Mapping[str, Any]],
        stop: Callable[[], None],
    ) -> None:
        self._rows = RowWriter(Path(rows))
        self._tally = Tally()
        self._clock = clock
        self._start_ns = start_ns
        self._flush = flush
        self._told = told
        self._stop = stop
        self._error = ""

    async def during(self, load: Coroutine[Any, Any, None]) -> int:
        """Carries it out and records it; returns the exit code: 1 when it, or its record, failed."""
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._beat())
                await load
                beat.cancel()
        finally:
            self._or_fail(self._flush)
            self._or_fail(self._rows.close)
        self._or_fail(self._say_the_last)
        return 1 if self._error else 0

    def write(self, rows: Rows) -> None:
        """Raises OSError when the disk is full."""
        self._tally.count(rows)
        self._rows.append_all(rows)
        self._rows.flush()

    def fail(self, why: str) -> None:
        """Ends the load. What went wrong first is what the last tick says."""
        self._error = self._error or why
        self._stop()

    async def _beat(self) -> None:
        """Writes what there is, four times a second; every fourth time says so."""
        while True:
            for _ in range(FLUSHES_PER_TICK):
                await asyncio.sleep(FLUSH_EVERY_S)
                self._or_fail(self._flush)
            if self._clock.now_ns() > self._start_ns:
                self._or_fail(self._say)

    def _or_fail(self, write: Callable[[], None]) -> None:
        """A full disk, or nobody who listens."""
        try:
            write()
        except OSError as error:
            self.fail(str(error))

    def _say_the_last(self) -> None:
        self._say(end=True, **({"error": self._error} if self._error else {}))

    def _say(self, **more: Any) -> None:
        tick = {"t": self._clock.now_ns(), **self._tally.tick(), **self._told(), **more}
        print(json.dumps(tick), flush=True)
