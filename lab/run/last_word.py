"""What is said in place of a runner that could not: every run has an end, and a reason in words."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from lab.clock import MonotonicClock
from lab.drill.model import RunPlan
from lab.history import store
from lab.history.model.events import RunEvent

NEARLY_FULL_BYTES = 64 * 1024
KILLED_IN_ROOM = "unshare: sigprocmask unblock failed: Invalid argument"
"""What ``unshare`` of util-linux 2.38 says when SIGKILL ended its child: it wants to die of the same signal, and sets its
handler first, which SIGKILL does not allow."""


def problem(run_dir: Path, code: int) -> str:
    """What kept the runner from carrying out its run, from its exit code (not 0) and its log."""
    if shutil.disk_usage(run_dir).free < NEARLY_FULL_BYTES:
        return f"the disk of the run directory is full: {run_dir}"
    log = run_dir / "logs" / "runner.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    if said := [number for number, line in enumerate(lines) if line.startswith(("error: ", "sandbox: "))]:
        return "\n".join(lines[said[-1] :]).removeprefix("error: ")  # and its hint
    if lines and lines[-1] == KILLED_IN_ROOM:
        return "the runner died (SIGKILL)"
    return f"the runner died ({_how(code)}){f': {lines[-1]}' if lines else ''}"


def _how(code: int) -> str:
    """In the open the signal itself; ``unshare`` tells the one that ended its child as a shell does, by 128 more."""
    number = -code if code < 0 else code - 128
    return signal.Signals(number).name if number in list(signal.Signals) else f"exit code {code}"


def write(run_dir: Path, plan: RunPlan, reason: str) -> None:
    """Ends the run with ``reason`` in the control process's own events, unless the runner has ended it. Raises OSError."""
    said = store.read_events(store.events_path(run_dir, "run"), "run")
    if any(isinstance(event, RunEvent) and event.phase == "end" for event in said):
        return
    events = store.EventWriter(store.events_path(run_dir, "control"), "control")
    events.write(RunEvent(t_ns=MonotonicClock(plan.t0_ns).now_ns(), phase="end", reason=reason))
    events.close()
