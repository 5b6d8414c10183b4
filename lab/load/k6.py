"""A real k6 in the load's place: ``python -m lab.load.k6``, which speaks the shard's protocol (``lab.load.shard``).

In: one line of JSON (:class:`~lab.load.k6_plan.K6Plan`) on standard input, which must be a pipe; then nothing until
``stop`` or its end, which end the load, as SIGTERM does. Out: rows in the plan's file; on standard output that it is ready,
then one JSON line a second with the shard's keys, the last one with ``"end": true``. Standard error passes on what k6 says
there, but for its line about each failed request, which is a row.

``late_ms``: how much later than planned the first request started, to be known only once k6 has told of it. k6 has no
option to start at an instant, so it is started as much early as it is known to take; it may then begin a little early,
which the rows show. ``cpu_s``: of this process and of k6.

k6 stamps with the wall clock, a run with the monotonic one. The difference is sampled with every piece that is read
(k6 writes five times a second), which costs under 1 µs while the clock is steady; a clock that is set meanwhile moves the
rows of the last 200 ms or so by as much, and is reported on standard error.

Exit codes: 0 all rows written, also when k6 ended by itself with 0 or with 99, its own verdict over thresholds; 1 they
could not be, or k6 failed (``error`` in the last line says why); 2 nothing was started: not a plan, no such k6 or
script, or the rows' file cannot be made.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from typing import Any

from lab.clock import MonotonicClock, sleep_until
from lab.load.k6_listener import Listener
from lab.load.k6_plan import K6Plan
from lab.load.k6_process import END_WITHIN_S, cpu_s, ends, look_for, most_users, start
from lab.load.orders import obey
from lab.load.record import Record
from lab.nanoseconds import NS_PER_MS, NS_PER_S

TOLD_WITHIN_S = 1.0
"""For its last points, once it is dead: 2 MB at most, read in 0.1 s; only what its script left running could hold the
pipe open longer."""
START_NS, START_NS_PER_USER = 50 * NS_PER_MS, NS_PER_MS
"""From the start of k6 to its first request: measured 17 ms with one user; with 300, 20 ms on idle CPUs and 110 to 410 ms
on two busy ones. Early is harmless; over 50 ms late makes a verdict unknown."""
MOVED_NS = 10 * NS_PER_MS
THRESHOLDS_CROSSED = 99


def main() -> int:
    # A Ctrl-C reaches the whole process group; whoever started this heals first and ends the load after that. A handler
    # and not SIG_IGN, which k6 would inherit: SIGINT is how it is asked to end.
    signal.signal(signal.SIGINT, lambda *_: None)
    return asyncio.run(obey("k6", K6Load))


class K6Load:
    """k6, rows and ticks of one plan. Raises OSError when there is nothing to run or nowhere to write to."""

    def __init__(self, line: bytes) -> None:
        self._plan = plan = K6Plan.from_json(line)
        look_for(plan)
        self._clock = MonotonicClock(plan.t0_ns)
        self._record = Record(plan.rows, self._clock, plan.start_ns, flush=self._flush, told=self._told, stop=self.stop)
        self._listener = Listener(plan, self._clock, self._record.fail)
        self._stop = asyncio.Event()
        self._pid = 0

    def stop(self) -> None:
        """k6 is asked to end; what its users have in flight then it tells nobody. At any time, twice too."""
        self._stop.set()

    async def run(self) -> int:
        """Runs the load to its end; returns the exit code."""
        return await self._record.during(self._load())

    async def _load(self) -> None:
        """1. asks k6 how many users the script makes; 2. starts it as long before the start as they take;
        3. reads its points until it ends or is asked to; 4. says what went wrong.
        """
        ahead_ns = START_NS + await self._users() * START_NS_PER_USER
        if not await self._unless_stopped(sleep_until(self._clock, self._plan.start_ns - ahead_ns)):
            return
        k6, points = start(self._plan)
        self._pid = k6.pid
        assert k6.stderr is not None
        telling = [
            asyncio.ensure_future(self._listener.read_points(points)),
            asyncio.ensure_future(self._listener.read_words(k6.stderr)),
        ]
        for each in telling:
            each.add_done_callback(self._end_of_telling)
        asked = not await self._unless_stopped(k6.exited())
        killed = asked and not await ends(k6)
        code = await k6.exited()
        _, untold = await asyncio.wait(telling, timeout=TOLD_WITHIN_S)
        for each in untold:
            each.cancel()
        if telling[0] in untold:
            self._record.fail(f"k6's points had no end within {TOLD_WITHIN_S:g} s of its own: the last requests may be missing")
        self._judge(code, asked, killed)

    async def _users(self) -> int:
        """1 when there is no time to ask."""
        left_ns = self._plan.start_ns - self._clock.now_ns() - START_NS
        return await most_users(self._plan, left_ns / NS_PER_S) if left_ns > 0 else 1

    def _end_of_telling(self, reading: asyncio.Task[None]) -> None:
        """What k6 says in a form that is not understood ends the load: unread, its pipe would fill up and stop it silently."""
        if not reading.cancelled() and (error := reading.exception()) is not None:
            self._record.fail(f"what k6 tells cannot be read: {type(error).__name__}: {error}")

    async def _unless_stopped(self, what: Coroutine[Any, Any, Any]) -> bool:
        """Waits for ``what``; False when the order to stop came first, and ``what`` is cancelled then."""
        task, stopped = asyncio.ensure_future(what), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
            return task.done()
        finally:
            task.cancel()
            stopped.cancel()

    def _judge(self, code: int, asked: bool, killed: bool) -> None:
        words = "; ".join(self._listener.last_words)
        if killed:
            self._record.fail(
                f"k6 did not end within {END_WITHIN_S:g} s of being asked to: killed, its last requests are missing; {words}"
            )
        elif not asked and code not in (0, THRESHOLDS_CROSSED):
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            self._record.fail(f"k6: {how}: {words}" if words else f"k6: {how}")
        if abs(moved_ns := self._listener.wall_clock_moved_ns()) > MOVED_NS:
            print(f"k6: the wall clock moved by {moved_ns / NS_PER_MS:.0f} ms during the load", file=sys.stderr)

    def _flush(self) -> None:
        self._record.write(self._listener.take())

    def _told(self) -> dict[str, Any]:
        first_ns = self._clock.now_ns() if self._listener.first_ns is None else self._listener.first_ns
        late_ms = round(max(0, first_ns - self._plan.start_ns) / NS_PER_MS, 3)
        used_s = round(time.process_time() + cpu_s(self._pid), 3)
        return {"checks": self._listener.checks.told(), "late_ms": late_ms, "cpu_s": used_s}


if __name__ == "__main__":
    sys.exit(main())
