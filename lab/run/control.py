"""Outside the room: starts it, follows its events, hands Ctrl-C on, and stores what was judged."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab.drill.model import RunPlan
from lab.drill.secrets import secrets
from lab.history import store
from lab.history.model.events import Event
from lab.judge.verdict import Verdict
from lab.process import Process
from lab.run import control_socket, last_word
from lab.run.follow import Follower
from lab.run.interrupts import Interrupts
from lab.runtimes.sandbox import launch

LOOK_EVERY_S = 0.1
OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Ended:
    """How the room ended. ``problem``: what is known when the run could not be carried out or recorded.

    ``signal``: the number of the first SIGINT or SIGTERM that asked it to, 0 when none did.
    """

    run_dir: Path
    signal: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Planned:
    """A run that can begin: its directory is there, with the plan in it."""

    run_dir: Path
    plan: RunPlan
    on_event: OnEvent


def new_run_dir(root: Path, plan: RunPlan) -> Path:
    """A fresh run directory with the plan in it. Raises OSError."""
    run_dir = store.create_run_dir(root, plan.drill.drill, datetime.fromtimestamp(plan.epoch_ns / 1e9, UTC))
    store.write_plan(run_dir, plan)
    return run_dir


def carry_out(run_dir: Path, plan: RunPlan, on_event: OnEvent) -> Ended:
    """Runs the plan in its runtime; returns when the room is empty. As :func:`carry_out_beside`, of one."""
    if plan.runtime == "fake":
        return _carry_out_fake(run_dir, plan, on_event)
    (ended,) = carry_out_beside([Planned(run_dir, plan, on_event)], 1)
    return ended


def carry_out_beside(planned: Iterable[Planned], at_a_time: int) -> list[Ended]:
    """Runs the plans, so many at a time; returns when every room is empty. For rooms of their own: two in the open would share
    a network, and the fake has no time beside its own.

    The next plan is drawn when there is room for it: its clock begins when it is made. Ctrl-C (or SIGTERM) once: the runners
    are asked to heal and to end, and no other is begun; twice: the rooms are killed at once. ``on_event`` gets every event
    soon after it was written. Where a runner had no last word, this process writes one for it.
    """
    to_come, rooms, ended = iter(planned), list[_Room](), dict[_Room, Ended]()
    with Interrupts() as interrupts:
        while True:
            for room in [room for room in rooms if room not in ended and room.look(interrupts) is not None]:
                ended[room] = _ended(room, interrupts)
            is_room = len(rooms) - len(ended) < at_a_time and not (interrupts and rooms)
            if is_room and (following := next(to_come, None)) is not None:
                rooms.append(_Room(following))
            elif len(ended) == len(rooms):
                return [ended[room] for room in rooms]
            else:
                time.sleep(LOOK_EVERY_S)


class _Room:
    """A plan on its way. It may not listen yet when the first Ctrl-C comes: it is told until it has heard."""

    def __init__(self, planned: Planned) -> None:
        self.planned = planned
        self.problem = ""
        self.code: int | None = None
        run_dir, plan = planned.run_dir, planned.plan
        self._follower = Follower(store.events_path(run_dir, "run"), planned.on_event)
        self._heard = False
        try:
            self._process = Process.spawn(_command(run_dir, plan), env=_environment(plan), stderr=run_dir / "logs" / "runner.log")
        except OSError as error:
            self.code, self.problem = 1, f"the runner cannot be started: {error}"

    def look(self, interrupts: Interrupts) -> int | None:
        """Hands on its events, and what was asked of it; the runner's exit code, None while it is at work."""
        if self.code is None:
            if len(interrupts) > 1:
                self._process.signal_group(signal.SIGKILL)
            elif interrupts and not self._heard:
                self._heard = control_socket.say_stop(self.planned.run_dir)
            self.code = self._process.returncode
        self._follower.look()
        return self.code


def _ended(room: _Room, interrupts: Interrupts) -> Ended:
    run_dir, problem = room.planned.run_dir, room.problem
    if room.code and not problem and not interrupts:
        problem = last_word.problem(run_dir, room.code)
    try:
        last_word.write(run_dir, room.planned.plan, "interrupted" if interrupts else f"broken: {problem}")
    except OSError as error:
        problem = problem or f"{error.filename}: {error.strerror}"
    return Ended(run_dir, interrupts.signals[0] if interrupts else 0, problem)


def _environment(plan: RunPlan) -> dict[str, str]:
    """By allow-list, and what the drill's requests name as ``${NAME}``."""
    return launch.environment(os.environ, also={secret.name for secret in secrets(plan.drill.target.requests)})


def _command(run_dir: Path, plan: RunPlan) -> list[str]:
    runner = [sys.executable, "-P", "-m", "lab.run.runner", str(run_dir.resolve())]
    if plan.runtime == "open":
        return runner
    readable = [Path(path) for path in (plan.toxiproxy_path, plan.k6_path) if path]
    return launch.command(run_dir, runner, as_root=launch.is_root(), readable=readable)


def _carry_out_fake(run_dir: Path, plan: RunPlan, on_event: OnEvent) -> Ended:
    from lab.run import fake_run  # looptime is needed by this runtime alone

    problem = ""
    with Interrupts() as interrupts:
        try:
            fake_run.run(run_dir, plan, interrupted=lambda: bool(interrupts))
        except OSError as error:
            problem = f"{error.filename or run_dir}: {error.strerror or error}"
        Follower(store.events_path(run_dir, "run"), on_event).look()
        try:
            last_word.write(run_dir, plan, "interrupted" if interrupts else f"broken: {problem}")
        except OSError as error:
            problem = problem or f"{error.filename}: {error.strerror}"
    return Ended(run_dir, interrupts.signals[0] if interrupts else 0, problem)


def keep(run_dir: Path, verdict: Verdict, *, parquet: bool) -> str:
    """Stores the verdict, and the rows as Parquet; says what could not be stored, nothing where all was."""
    try:
        store.write_verdict(run_dir, verdict.to_json().encode())
        if parquet:
            store.export_parquet(run_dir)
    except OSError as error:
        return f"the run could not be stored whole: {error.strerror or error}: {run_dir}"
    return ""
