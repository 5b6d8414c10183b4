"""Inside the room: ``python -m lab.run.runner RUN_DIR``. In the sandbox it is pid 1.

It reads ``drill.json``, conducts the run, and writes its own files in the run directory, which is all that it shares
with the control process outside, together with the control socket in it. Exit code 0 when the run was conducted
(whatever its verdict), 1 when it was not.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from lab import catalogue
from lab.drill.model import RunPlan
from lab.drill.secrets import resolved, secrets
from lab.history import store
from lab.history.model.events import Event
from lab.history.model.rows import Row, Rows
from lab.load.keys import key_blocks
from lab.run import control_socket
from lab.run.background import beside
from lab.run.bench import Bench
from lab.run.conduct import conduct
from lab.run.tape import Tape
from lab.runtimes.processes import ProcessRoom
from lab.runtimes.processes.ports import PortTaken
from lab.runtimes.sandbox import launch
from lab.runtimes.sandbox.init import keep_reaping

FLUSH_EVERY_S = 0.25


class Recording:
    """The runner's files. The first write that fails (disk full) ends the run and the record: what is there by then
    stays as it is, and nothing is written over a gap.
    """

    def __init__(self, run_dir: Path) -> None:
        self._events = store.EventWriter(store.events_path(run_dir, "run"), "run")
        self._rows = store.RowWriter(store.probe_rows_path(run_dir))
        self.failure: OSError | None = None
        self._end: Callable[[], None] | None = None

    def ends_by(self, stop: Callable[[], None]) -> None:
        """Names what a failed write calls."""
        self._end = stop

    def write(self, event: Event) -> None:
        if self.failure is not None:
            return
        try:
            self._events.write(event)
        except OSError as error:
            self._fail(error)

    def keep_row(self, row: Row) -> None:
        self._rows.append(row)

    def _fail(self, error: OSError) -> None:
        if self.failure is None:
            self.failure = error
            if self._end is not None:
                self._end()

    async def flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            self._flush()

    def _flush(self) -> None:
        if self.failure is not None:
            return
        try:
            self._rows.flush()
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        self._flush()
        if self.failure is None:
            self._rows.close()
            self._events.close()


async def run(run_dir: Path, plan: RunPlan, environment: Mapping[str, str]) -> None:
    """Conducts the run of ``plan`` in processes; returns when the room is empty. Raises OSError when it cannot be recorded."""
    recording = Recording(run_dir)
    room = ProcessRoom(plan, run_dir, _without_secrets(plan, environment))
    bench = Bench(
        room=room,
        plan=plan,
        tape=Tape(recording, room.clock),
        keep_row=recording.keep_row,
        keep_load_rows=lambda _rows: None,  # the shards have written theirs
        rows_path=lambda number: str(store.load_rows_path(run_dir, number)),
        unexpected_path=lambda number: str(store.unexpected_path(run_dir, number)),
        load_so_far=lambda index: _tail(run_dir, index, plan.shards),
        faults=catalogue.faults(),
        keys=key_blocks(),
        requests=resolved(plan.drill.target.requests, environment),
    )
    conducting = asyncio.ensure_future(_conduct(bench, run_dir))
    stop = _once(conducting.cancel)
    recording.ends_by(stop)
    _stop_on_signals(stop)
    try:
        async with AsyncExitStack() as stack:
            stack.callback(recording.close)
            beside(stack, recording.flush_now_and_then())
            if os.getpid() == 1:
                beside(stack, keep_reaping(room.child_pids))
            await stack.enter_async_context(control_socket.serve(run_dir, stop=stop))
            await conducting
    finally:
        conducting.cancel()
    if recording.failure is not None:
        raise recording.failure


def _tail(run_dir: Path, index: int, shards: int) -> Callable[[], Rows]:
    tails = [store.RowTail(store.load_rows_path(run_dir, index * shards + shard)) for shard in range(shards)]
    return lambda: Rows.concat(tail.read() for tail in tails)


def _without_secrets(plan: RunPlan, environment: Mapping[str, str]) -> dict[str, str]:
    """What target, proxy and load get: secrets of the requests are not among it, for who has one may log it."""
    names = {secret.name for secret in secrets(plan.drill.target.requests)} - launch.ALLOWED
    return {name: value for name, value in environment.items() if name not in names}


async def _conduct(bench: Bench, run_dir: Path) -> None:
    ledger = await conduct(bench)
    if ledger is not None:
        store.write_ledger(run_dir, ledger)


def _once(cancel: Callable[[], object]) -> Callable[[], None]:
    """However often it is asked for: a second cancel would break off the healing that the first one began."""
    asked = False

    def stop() -> None:
        nonlocal asked
        if not asked:
            asked = True
            cancel()

    return stop


def _stop_on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


def main(arguments: list[str]) -> int:
    run_dir = Path(arguments[0])
    plan = store.read_plan(run_dir)
    gc.freeze()  # what is loaded by now stays; collections during a stage have less to walk
    try:
        asyncio.run(run(run_dir, plan, dict(os.environ)))
    except (OSError, PortTaken) as error:
        print(f"error: the run could not be carried out: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
