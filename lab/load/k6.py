"""A real k6 in the load's place: ``python -m lab.load.k6``, which speaks the shard's protocol (``lab.load.shard``).

In: one line of JSON (:class:`~lab.load.k6_plan.K6Plan`) on standard input, which must be a pipe; then nothing until
``stop`` or its end, which end the load, as SIGTERM does. Out: rows in the plan's file; on standard output one JSON line a
second with the shard's keys, the last one with ``"end": true``. Standard error passes on what k6 says there, but for its
line about each failed request, which is a row.

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
import json
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import IO, Any

from lab.clock import MonotonicClock, sleep_until
from lab.history.model.rows import Outcome, Row, Rows
from lab.history.store import RowWriter
from lab.load.k6_plan import K6Plan
from lab.load.k6_points import Points
from lab.load.tally import Tally
from lab.nanoseconds import NS_PER_MS
from lab.process import PIPE, Process

FLUSH_EVERY_S = 0.25
FLUSHES_PER_TICK = 4
LONGEST_PLAN_BYTES = 16 << 20
PIECE_BYTES = 1 << 20
END_WITHIN_S = 3.0
"""For k6 to end after SIGINT (measured: 30 ms without a teardown); who asked for it waits five seconds for all of this."""
TOLD_WITHIN_S = 1.0
"""For its last points, once it is dead: 2 MB at most, read in 0.1 s; only what its script left running could hold the
pipe open longer."""
START_NS, START_NS_PER_USER = 50 * NS_PER_MS, NS_PER_MS
"""From the start of k6 to its first request: measured 17 ms with one user; with 300, 20 ms on idle CPUs and 110 to 410 ms
on two busy ones. Early is harmless; over 50 ms late makes a verdict unknown."""
MOVED_NS = 10 * NS_PER_MS
THRESHOLDS_CROSSED = 99
TAGS = "proto,subproto,status,method,url,name,group,check,error,error_code,tls_version,scenario,service,expected_response,vu,iter"
"""k6's default ones, in case the script has fewer, and the user's number."""
_ROW_OF_ITS_OWN = b'msg="Request Failed"'


def main() -> int:
    # A Ctrl-C reaches the whole process group; whoever started this heals first and ends the load after that. A handler
    # and not SIG_IGN, which k6 would inherit: SIGINT is how it is asked to end.
    signal.signal(signal.SIGINT, lambda *_: None)
    return asyncio.run(_main())


async def _main() -> int:
    stdin = asyncio.StreamReader(limit=LONGEST_PLAN_BYTES)
    await _connect(stdin, sys.stdin)
    try:
        plan = K6Plan.from_json(await stdin.readline())
        load = K6Load(plan, MonotonicClock(plan.t0_ns))
    except (ValueError, OSError) as error:
        print(f"k6: {error}", file=sys.stderr)
        return 2
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.stop)
    orders = asyncio.ensure_future(_obey(stdin, load))
    try:
        return await load.run()
    finally:
        orders.cancel()


async def _connect(reader: asyncio.StreamReader, pipe: IO[Any]) -> None:
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)


async def _obey(stdin: asyncio.StreamReader, load: K6Load) -> None:
    while (order := await stdin.readline()) not in (b"", b"stop\n"):
        print(f"k6: {order!r} is no order: expected stop", file=sys.stderr)
    load.stop()


class K6Load:
    """k6, rows and ticks of one plan. Raises OSError when there is nothing to run or nowhere to write to."""

    def __init__(self, plan: K6Plan, clock: MonotonicClock) -> None:
        for path in (plan.k6, plan.script):
            if not Path(path).is_file():
                raise FileNotFoundError(f"no such file: {path}")
        self._plan = plan
        self._clock = clock
        self._points = Points(plan)
        self._tally = Tally()
        self._rows = RowWriter(Path(plan.rows))
        self._kept: list[Row] = []
        self._stop = asyncio.Event()
        self._error = ""
        self._last_words: deque[str] = deque(maxlen=3)
        self._first_ns: int | None = None
        self._wall_minus_run_ns = self._began_wall_minus_run_ns = self._difference_ns()
        self._pid = 0

    def stop(self) -> None:
        """k6 is asked to end; what its users have in flight then it tells nobody. At any time, twice too."""
        self._stop.set()

    async def run(self) -> int:
        """Runs the load to its end; returns the exit code."""
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._beat())
                await self._load()
                beat.cancel()
        finally:
            self._or_stop(self._flush)
            self._or_stop(self._rows.close)
        self._or_stop(self._say_the_last)
        return 1 if self._error else 0

    # k6

    async def _load(self) -> None:
        """1. asks k6 how many users the script makes; 2. starts it as long before the start as they take;
        3. reads its points until it ends or is asked to; 4. says what went wrong.
        """
        ahead_ns = START_NS + await self._users() * START_NS_PER_USER
        if not await self._unless_stopped(sleep_until(self._clock, self._plan.start_ns - ahead_ns)):
            return
        points, its_end = os.pipe()
        try:
            k6 = self._spawn(f"--out=json=/proc/self/fd/{its_end}", *self._options(), self._plan.script, pass_fds=[its_end])
        finally:
            os.close(its_end)
        self._pid = k6.pid
        assert k6.stderr is not None
        telling = [
            asyncio.ensure_future(self._read_points(os.fdopen(points, "rb", 0))),
            asyncio.ensure_future(self._read_words(k6.stderr)),
        ]
        for each in telling:
            each.add_done_callback(self._told)
        asked = not await self._unless_stopped(k6.exited())
        killed = asked and not await self._ends(k6)
        code = await k6.exited()
        _, untold = await asyncio.wait(telling, timeout=TOLD_WITHIN_S)
        for each in untold:
            each.cancel()
        if telling[0] in untold:
            self._fail(f"k6's points had no end within {TOLD_WITHIN_S:g} s of its own: the last requests may be missing")
        self._judge(code, asked, killed)

    def _told(self, reading: asyncio.Task[None]) -> None:
        """What k6 says in a form that is not understood ends the load: unread, its pipe would fill up and stop it silently."""
        if not reading.cancelled() and (error := reading.exception()) is not None:
            self._fail(f"what k6 tells cannot be read: {type(error).__name__}: {error}")
            self.stop()

    def _options(self) -> list[str]:
        variables = [f"{name}={value}" for name, value in self._plan.environment.items()]
        return [
            *("--quiet", "--no-usage-report", "--no-color", "--address=", f"--system-tags={TAGS}"),
            *(word for variable in variables for word in ("-e", variable)),
        ]

    def _spawn(self, *arguments: str, verb: str = "run", pass_fds: Sequence[int] = (), stdout: int | None = None) -> Process:
        """In a session of its own, away from anybody's Ctrl-C; it dies with this process all the same."""
        # Its times in UTC, so that no rule of summer time is needed; and nothing is fetched in the middle of a run.
        env = {**os.environ, "TZ": "UTC", "K6_AUTO_EXTENSION_RESOLUTION": "false"}
        out = asyncio.subprocess.DEVNULL if stdout is None else stdout
        return Process.spawn([self._plan.k6, verb, *arguments], env=env, stdout=out, stderr=PIPE, pass_fds=pass_fds)

    async def _users(self) -> int:
        """How many users the script has at most, as ``k6 inspect`` says; 1 when it does not within the time there is."""
        variables = [word for name, value in self._plan.environment.items() for word in ("-e", f"{name}={value}")]
        left_ns = self._plan.start_ns - self._clock.now_ns() - START_NS
        if left_ns <= 0:
            return 1
        k6 = self._spawn("--execution-requirements", *variables, self._plan.script, verb="inspect", stdout=PIPE)
        said = asyncio.StreamReader()
        assert k6.stdout is not None
        assert k6.stderr is not None
        await _connect(said, k6.stdout)
        try:
            async with asyncio.timeout(left_ns / 1e9):
                return int(json.loads(await said.read())["maxVUs"])
        except (TimeoutError, ValueError, KeyError, TypeError):
            return 1  # what is wrong with the script, k6 itself says in a moment
        finally:
            k6.signal(signal.SIGKILL)
            await k6.exited()
            k6.stderr.close()

    async def _unless_stopped(self, what: Coroutine[Any, Any, Any]) -> bool:
        """Waits for ``what``; False when the order to stop came first, and ``what`` is cancelled then."""
        task, stopped = asyncio.ensure_future(what), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
            return task.done()
        finally:
            task.cancel()
            stopped.cancel()

    async def _ends(self, k6: Process) -> bool:
        """Asks it to; False when it had to be killed."""
        k6.signal(signal.SIGINT)
        try:
            async with asyncio.timeout(END_WITHIN_S):
                await k6.exited()
        except TimeoutError:
            k6.signal(signal.SIGKILL)
            return False
        return True

    def _judge(self, code: int, asked: bool, killed: bool) -> None:
        words = "; ".join(self._last_words)
        if killed:
            self._fail(
                f"k6 did not end within {END_WITHIN_S:g} s of being asked to: killed, its last requests are missing; {words}"
            )
        elif not asked and code not in (0, THRESHOLDS_CROSSED):
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            self._fail(f"k6: {how}: {words}" if words else f"k6: {how}")
        moved_ns = self._difference_ns() - self._began_wall_minus_run_ns
        if abs(moved_ns) > MOVED_NS:
            print(f"k6: the wall clock moved by {moved_ns / NS_PER_MS:.0f} ms during the load", file=sys.stderr)

    # What it tells

    async def _read_points(self, pipe: IO[bytes]) -> None:
        reader = asyncio.StreamReader(limit=PIECE_BYTES)
        await _connect(reader, pipe)
        rest = b""
        while piece := await reader.read(PIECE_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            self._wall_minus_run_ns = self._difference_ns()
            try:
                for row in self._points.rows(lines, self._wall_minus_run_ns):
                    self._keep(row)
            except ValueError as error:
                self._fail(str(error))

    def _difference_ns(self) -> int:
        return time.time_ns() - self._clock.now_ns()

    def _keep(self, row: Row) -> None:
        self._kept.append(row)
        if row.outcome != Outcome.DROPPED and (self._first_ns is None or row.due_ns < self._first_ns):
            self._first_ns = row.due_ns

    async def _read_words(self, pipe: IO[bytes]) -> None:
        reader = asyncio.StreamReader(limit=PIECE_BYTES)
        await _connect(reader, pipe)
        while line := await reader.readline():
            if _ROW_OF_ITS_OWN not in line:
                self._last_words.append(line.decode(errors="replace").strip())
                print(self._last_words[-1], file=sys.stderr, flush=True)

    # What is said of it

    async def _beat(self) -> None:
        """Writes what there is, four times a second; every fourth time says so."""
        while True:
            for _ in range(FLUSHES_PER_TICK):
                await asyncio.sleep(FLUSH_EVERY_S)
                self._or_stop(self._flush)
            if self._clock.now_ns() > self._plan.start_ns:
                self._or_stop(self._say)

    def _flush(self) -> None:
        rows, self._kept = Rows.of(self._kept), []
        self._tally.count(rows)
        self._rows.append_all(rows)
        self._rows.flush()

    def _or_stop(self, write: Callable[[], None]) -> None:
        """A full disk, or nobody who listens: no load without a record."""
        try:
            write()
        except OSError as error:
            self._fail(str(error))

    def _fail(self, why: str) -> None:
        self._error = self._error or why
        self.stop()

    def _say_the_last(self) -> None:
        self._say(end=True, **({"error": self._error} if self._error else {}))

    def _say(self, **more: Any) -> None:
        now_ns = self._clock.now_ns()
        first_ns = now_ns if self._first_ns is None else self._first_ns
        late_ms = round(max(0, first_ns - self._plan.start_ns) / NS_PER_MS, 3)
        print(json.dumps({"t": now_ns, **self._tally.tick(), "late_ms": late_ms, "cpu_s": self._cpu_s(), **more}), flush=True)

    def _cpu_s(self) -> float:
        """The CPU clock of a living process has a number that follows from its own (clock_getcpuclockid); of the dead,
        the kernel has the sum."""
        dead = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            living_s = time.clock_gettime(~self._pid << 3 | 2) if self._pid else 0.0
        except OSError:
            living_s = 0.0  # it has been reaped
        return round(time.process_time() + dead.ru_utime + dead.ru_stime + living_s, 3)


if __name__ == "__main__":
    sys.exit(main())
