"""What a k6 tells while it runs: points, which become rows, and words."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import IO

from lab.clock import Clock
from lab.history.model.rows import Outcome, Row, Rows
from lab.load.k6_plan import K6Plan
from lab.load.k6_points import Points
from lab.pipe import reading

PIECE_BYTES = 1 << 20
_ROW_OF_ITS_OWN = b'msg="Request Failed"'


class Listener:
    """``fail`` is told of points that are none. k6's wall clock is compared with ``clock`` at every piece that is read."""

    def __init__(self, plan: K6Plan, clock: Clock, fail: Callable[[str], None]) -> None:
        self._clock = clock
        self._fail = fail
        self._points = Points(plan)
        self.checks = self._points.checks
        self._rows: list[Row] = []
        self._began_wall_minus_run_ns = self._wall_minus_run_ns()
        self.last_words: deque[str] = deque(maxlen=3)
        self.first_ns: int | None = None
        """When the first request was due, of those that k6 has told of."""

    def take(self) -> Rows:
        """What has come since the last time."""
        rows, self._rows = Rows.of(self._rows), []
        return rows

    async def read_points(self, pipe: IO[bytes]) -> None:
        """To their end. Raises whatever comes of points that are not understood."""
        reader = await reading(pipe, PIECE_BYTES)
        rest = b""
        while piece := await reader.read(PIECE_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            try:
                for row in self._points.rows(lines, self._wall_minus_run_ns()):
                    self._keep(row)
            except ValueError as error:
                self._fail(str(error))

    async def read_words(self, pipe: IO[bytes]) -> None:
        """Passes them on, but for its line about each failed request, which is a row."""
        reader = await reading(pipe, PIECE_BYTES)
        while line := await reader.readline():
            if _ROW_OF_ITS_OWN not in line:
                self.last_words.append(line.decode(errors="replace").strip())
                print(self.last_words[-1], file=sys.stderr, flush=True)

    def wall_clock_moved_ns(self) -> int:
        """Since this began, beside the run's own."""
        return self._wall_minus_run_ns() - self._began_wall_minus_run_ns

    def _keep(self, row: Row) -> None:
        self._rows.append(row)
        if row.outcome != Outcome.DROPPED and (self.first_ns is None or row.due_ns < self.first_ns):
            self.first_ns = row.due_ns

    def _wall_minus_run_ns(self) -> int:
        return time.time_ns() - self._clock.now_ns()
