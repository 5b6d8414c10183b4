"""Outside the room: starts it, follows its events, hands Ctrl-C on, and judges what was recorded."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lab.drill.model import RunPlan
from lab.history import store
from lab.history.model.events import Event
from lab.judge.judge import judge
from lab.judge.verdict import Verdict
from lab.process import Process
from lab.run import control_socket
from lab.run.follow import Follower
from lab.runtimes.sandbox import launch

LOOK_EVERY_S = 0.1
OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Ended:
    """How the room ended. ``problem``: what is known when the run could not be carried out or recorded."""

    run_dir: Path
    interrupted: bool
    problem: str = ""


def new_run_dir(root: Path, plan: RunPlan) -> Path:
    """A fresh run directory with the plan in it. Raises OSError."""
    run_dir = store.create_run_dir(root, plan.drill.drill, datetime.fromtimestamp(plan.epoch_ns / 1e9, UTC))
    store.write_plan(run_dir, plan)
    return run_dir


def carry_out(run_dir: Path, plan: RunPlan, on_event: OnEvent) -> Ended:
    """Runs the plan in its runtime; returns when the room is empty.

    Ctrl-C once: the runner is asked to heal and to end; twice: the room is killed at once. ``on_event`` gets every
    event soon after it was written.
    """
    if plan.runtime == "fake":
        return _carry_out_fake(run_dir, plan, on_event)
    room = Process.spawn(_command(run_dir, plan), env=launch.environment(os.environ), stderr=run_dir / "logs" / "runner.log")
    follower = Follower(store.events_path(run_dir, "run"), on_event)
    interrupts = 0
    while True:
        try:
            code = _wait(room, follower)
            break
        except KeyboardInterrupt:
            interrupts += 1
            if interrupts > 1 or not control_socket.say_stop(run_dir):
                room.signal_group(9)
    follower.look()
    return Ended(run_dir, interrupts > 0, _problem(run_dir, code) if code else "")


def _wait(room: Process, follower: Follower) -> int:
    while True:
        follower.look()
        try:
            return room.wait_blocking(LOOK_EVERY_S)
        except TimeoutError:
            continue


def _command(run_dir: Path, plan: RunPlan) -> list[str]:
    runner = [sys.executable, "-P", "-m", "lab.run.runner", str(run_dir.resolve())]
    if plan.runtime == "open":
        return runner
    readable = [Path(plan.toxiproxy_path)] if plan.toxiproxy_path else []
    return launch.command(run_dir, runner, as_root=launch.is_root(), readable=readable)


def _problem(run_dir: Path, code: int) -> str:
    """What kept the run from being carried out, in words."""
    if shutil.disk_usage(run_dir).free < 64 * 1024:
        return f"the disk of the run directory is full: {run_dir}"
    log = run_dir / "logs" / "runner.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    said = next((line for line in reversed(lines) if line.startswith("error:")), lines[-1] if lines else "")
    return said.removeprefix("error: ") or f"the runner ended with code {code} and said nothing"


def _carry_out_fake(run_dir: Path, plan: RunPlan, on_event: OnEvent) -> Ended:
    from lab.run import fake_run  # looptime is needed by this runtime alone

    fake_run.run(run_dir, plan)
    Follower(store.events_path(run_dir, "run"), on_event).look()
    return Ended(run_dir, interrupted=False)


def analyze(run_dir: Path) -> Verdict:
    """Judges a stored run, writes ``verdict.json`` (byte for byte the same each time) and returns the verdict."""
    verdict = judge(store.read_history(run_dir))
    store.write_verdict(run_dir, verdict.to_json().encode())
    return verdict
