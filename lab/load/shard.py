"""The process of one shard: ``python -m lab.load.shard``.

In: one line of JSON (:class:`~lab.load.plan.ShardPlan`) on standard input, which must be a pipe; then nothing until
``stop`` or its end, which end the load, as SIGTERM does. Out: rows in the plan's file; on standard output one JSON
line a second: ``t`` in ns since t0, what :meth:`~lab.load.tally.Tally.tick` has, ``vus`` at work now, ``late_ms`` (how much
later than planned the first user started), ``cpu_s`` of this process since it has its plan; the last has ``"end": true``.

Exit codes: 0 all rows written; 1 they could not be (``error`` in the last line says why); 2 nothing
was started: not a plan, or the rows' file cannot be made.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.clock import MonotonicClock
from lab.drill.problems import DrillErrors
from lab.history.model.buffer import RowBuffer
from lab.history.store import RowWriter, UnexpectedWriter
from lab.http.answer import Answer
from lab.http.client import HttpDialer
from lab.http.kept_answer import WholeAnswer
from lab.http.tls import client_context
from lab.load.engine import Engine
from lab.load.plan import ShardPlan
from lab.load.tally import Tally
from lab.nanoseconds import NS_PER_MS, NS_PER_S

FLUSH_EVERY_S = 0.25
"""What a SIGKILL costs at most."""
FLUSHES_PER_TICK = 4
LONGEST_PLAN_BYTES = 16 << 20


def main() -> int:
    # A Ctrl-C reaches the whole process group; whoever started this shard heals first and ends the load after that.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    factory = _uvloop()
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_main(collect=factory is None))


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on this interpreter: asyncio's own loop, at half the speed
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _main(collect: bool) -> int:
    """``collect``: leave the garbage collector on. asyncio's own transports are cycles that only it frees; with uvloop
    nothing of the engine or the client is one (measured: none in 17,000 requests, good and bad), so there it is off.
    """
    stdin = await _stdin()
    try:
        plan = ShardPlan.from_json(await stdin.readline())
        clock = MonotonicClock(plan.t0_ns)
        shard = Shard(plan, clock)
    except (ValueError, OSError, DrillErrors) as error:
        print(f"shard: {error}", file=sys.stderr)
        return 2
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, shard.stop)
    orders = asyncio.ensure_future(_obey(stdin, shard))
    gc.collect()
    gc.freeze()
    if not (collect or plan.load.python):  # a user's script may make cycles
        gc.disable()
    try:
        return await shard.run()
    finally:
        orders.cancel()
        gc.enable()


async def _stdin() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=LONGEST_PLAN_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _obey(stdin: asyncio.StreamReader, shard: Shard) -> None:
    while (order := await stdin.readline()) not in (b"", b"stop\n"):
        print(f"shard: {order!r} is no order: expected stop", file=sys.stderr)
    shard.stop()


class Shard:
    """Engine, rows and ticks of one plan. Raises ValueError when the plan cannot be carried out."""

    def __init__(self, plan: ShardPlan, clock: MonotonicClock) -> None:
        self._clock = clock
        self._tally = Tally()
        self._buffer = RowBuffer(plan.scenario)
        answer = WholeAnswer if plan.load.python else Answer
        dialer = HttpDialer(plan.host, plan.port, clock, answer, tls=client_context() if plan.tls else None)
        self._engine = Engine(plan, dialer, clock, self._buffer)
        self._rows = RowWriter(Path(plan.rows))
        self._unexpected = UnexpectedWriter(Path(plan.unexpected)) if plan.unexpected else None
        self._start_ns = plan.start_ns
        self._cpu_before_s = time.process_time()
        self._error = ""

    def stop(self) -> None:
        self._engine.stop()

    async def run(self) -> int:
        """Runs the load to its end; returns the exit code."""
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._beat())
                await self._engine.run()
                beat.cancel()
        finally:
            self._or_stop(self._flush)
            self._or_stop(self._rows.close)
            if self._unexpected is not None:
                self._unexpected.close()
        self._or_stop(self._say_the_last)
        return 1 if self._error else 0

    def _flush(self) -> None:
        rows = self._buffer.take()
        self._tally.count(rows)
        self._rows.append_all(rows)
        self._rows.flush()
        self._tell_of_the_script()
        found = self._engine.unexpected.take()
        if self._unexpected is not None:
            self._unexpected.write(found)

    def _tell_of_the_script(self) -> None:
        for error in self._engine.script.take_errors() if self._engine.script else ():
            where = f"{error.t_ns / NS_PER_S:.3f} s, VU {error.vu}, iteration {error.iteration}:"
            print(where, *error.lines, sep="\n  ", file=sys.stderr)

    async def _beat(self) -> None:
        """Writes what there is, four times a second; every fourth time says so."""
        while True:
            for _ in range(FLUSHES_PER_TICK):
                await asyncio.sleep(FLUSH_EVERY_S)
                self._or_stop(self._flush)
            if self._clock.now_ns() > self._start_ns:
                self._or_stop(self._say)

    def _or_stop(self, write: Callable[[], None]) -> None:
        """A full disk, or nobody who listens: no load without a record."""
        try:
            write()
        except OSError as error:
            self._error = self._error or str(error)
            self.stop()

    def _say_the_last(self) -> None:
        self._say(end=True, **({"error": self._error} if self._error else {}))

    def _say(self, **more: Any) -> None:
        late_ms = round(self._engine.late_ns / NS_PER_MS, 3)
        tick = {
            "t": self._clock.now_ns(),
            **self._tally.tick(),
            "vus": self._engine.active,
            **(self._engine.script.told() if self._engine.script else {}),
            "late_ms": late_ms,
            "cpu_s": round(time.process_time() - self._cpu_before_s, 3),
            **more,
        }
        print(json.dumps(tick), flush=True)


if __name__ == "__main__":
    sys.exit(main())
