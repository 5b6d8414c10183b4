"""The process of one shard: ``python -m lab.load.shard``.

In: one line of JSON (:class:`~lab.load.plan.ShardPlan`) on standard input, which must be a pipe; then nothing until
``stop`` or its end, which end the load, as SIGTERM does. Out: rows in the plan's file; on standard output
``{"ready": true}`` when it waits for its plan, then one JSON line a second: ``t`` in ns since t0, what
:meth:`~lab.load.tally.Tally.tick` has, ``vus`` at work now, ``late_ms`` (how much later than planned the first user
started), ``cpu_s`` of this process since it has its plan; the last has ``"end": true``.

Exit codes: 0 all rows written; 1 they could not be (``error`` in the last line says why); 2 nothing
was started: not a plan, or the rows' file cannot be made.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lab.clock import MonotonicClock
from lab.history.model.buffer import RowBuffer
from lab.history.store import UnexpectedWriter
from lab.http.answer import Answer
from lab.http.client import HttpDialer
from lab.http.kept_answer import WholeAnswer
from lab.http.tls import client_context
from lab.load.engine import Engine
from lab.load.orders import obey
from lab.load.plan import ShardPlan
from lab.load.record import Record
from lab.nanoseconds import NS_PER_MS, NS_PER_S


def main() -> int:
    # A Ctrl-C reaches the whole process group; whoever started this shard heals first and ends the load after that.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    factory = _uvloop()
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(obey("shard", partial(Shard, has_cycles=factory is None)))


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not on this interpreter: asyncio's own loop, at half the speed
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


class Shard:
    """Engine, rows and ticks of one plan. Raises ValueError when the plan cannot be carried out.

    ``has_cycles``: leave the garbage collector on. asyncio's own transports are cycles that only it frees; with uvloop
    nothing of the engine or the client is one (measured: none in 17,000 requests, good and bad), so there it is off.
    """

    def __init__(self, line: bytes, has_cycles: bool) -> None:
        plan = ShardPlan.from_json(line)
        clock = MonotonicClock(plan.t0_ns)
        answer = WholeAnswer if plan.load.python else Answer
        tls = client_context() if plan.tls else None
        dialer = HttpDialer(plan.host, plan.port, clock, answer, tls=tls, round_trip_s=plan.load.round_trip)
        self._buffer = RowBuffer(plan.scenario)
        self._engine = Engine(plan, dialer, clock, self._buffer)
        self._record = Record(plan.rows, clock, plan.start_ns, flush=self._flush, told=self._told, stop=self.stop)
        self._unexpected = UnexpectedWriter(Path(plan.unexpected)) if plan.unexpected else None
        self._has_cycles = has_cycles or bool(plan.load.python)  # a user's script may make some
        self._cpu_before_s = time.process_time()

    def stop(self) -> None:
        self._engine.stop()

    async def run(self) -> int:
        """Runs the load to its end; returns the exit code."""
        try:
            with _garbage_collected(self._has_cycles):
                return await self._record.during(self._engine.run())
        finally:
            if self._unexpected is not None:
                self._unexpected.close()

    def _flush(self) -> None:
        self._record.write(self._buffer.take())
        self._tell_of_the_script()
        found = self._engine.unexpected.take()
        if self._unexpected is not None:
            self._unexpected.write(found)

    def _tell_of_the_script(self) -> None:
        for error in self._engine.script.take_errors() if self._engine.script else ():
            where = f"{error.t_ns / NS_PER_S:.3f} s, VU {error.vu}, iteration {error.iteration}:"
            print(where, *error.lines, sep="\n  ", file=sys.stderr)

    def _told(self) -> dict[str, Any]:
        return {
            "vus": self._engine.active,
            **(self._engine.script.told() if self._engine.script else {}),
            "late_ms": round(self._engine.late_ns / NS_PER_MS, 3),
            "cpu_s": round(time.process_time() - self._cpu_before_s, 3),
        }


@contextmanager
def _garbage_collected(meanwhile: bool) -> Iterator[None]:
    """What there is by now stays, and is not looked at again."""
    gc.collect()
    gc.freeze()
    if not meanwhile:
        gc.disable()
    try:
        yield
    finally:
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())
