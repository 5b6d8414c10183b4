"""Programs that are compared with: found, or named with the way to get them; run on one core, bounded, paid by CPU time."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = "benchmarks/scripts"
GRACE_S = 30.0
"""How much longer than its load a program may take, start and end included."""
_PDEATHSIG = ("setpriv", "--pdeathsig", "KILL", "--")


class NotHere(Exception):
    """A program is missing; the text says how to get it."""


class Failed(Exception):
    """A program did not do what it was started for: no figure comes of that."""


@dataclass(frozen=True)
class Ended:
    """``cpu_s``: user + system of the process and of every child that it waited for."""

    stdout: str
    cpu_s: float
    wall_s: float


def find(name: str, how: str) -> str:
    """On PATH, or where Go puts what it builds. Raises NotHere with ``how``."""
    gobin = os.environ.get("GOBIN", "")
    gopaths = os.environ.get("GOPATH", str(Path.home() / "go")).split(os.pathsep)
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), gobin, *(f"{path}/bin" for path in gopaths), "/usr/sbin"])
    found = shutil.which(name, path=places)
    if found is None:
        raise NotHere(how)
    return found


def said(argv: Sequence[str]) -> str:
    """What a program prints of itself (a version), wherever it prints it."""
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=GRACE_S)
    return (ended.stdout or ended.stderr).strip()


def run(
    argv: Sequence[str], *, core: int, lasts_s: float, env: Mapping[str, str] | None = None, first_line: str | None = None
) -> Ended:
    """Runs ``argv`` on ``core`` to its end. ``first_line`` is given to it on a pipe that stays open meanwhile.

    Raises Failed when it exits with an error or outlasts ``lasts_s`` by more than :data:`GRACE_S`: it is killed then.
    """
    begin_s = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            on_core(argv, core),
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL if first_line is None else subprocess.PIPE,
            stdout=out,
            stderr=err,
        )
        try:
            if process.stdin is not None:
                process.stdin.write(f"{first_line}\n".encode())
                process.stdin.flush()
            in_time = _await_end(process.pid, lasts_s + GRACE_S)
        finally:
            cpu_s = _reap(process)
        wall_s = time.monotonic() - begin_s
        if not in_time or process.returncode:
            err.seek(0)
            how = f"exit code {process.returncode}" if in_time else f"not over after {wall_s:.0f} s, killed"
            raise Failed(f"{shown(argv)}: {how}: {err.read().decode(errors='replace')[-500:]}")
        out.seek(0)
        return Ended(out.read().decode(errors="replace"), cpu_s, wall_s)


def on_core(argv: Sequence[str], core: int) -> list[str]:
    """Pinned, and dead as soon as the benchmark is."""
    return [*_PDEATHSIG, "taskset", "-c", str(core), *argv]


def _await_end(pid: int, within_s: float) -> bool:
    pidfd = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        return bool(poll.poll(within_s * 1000))
    finally:
        os.close(pidfd)


def _reap(process: subprocess.Popen[bytes]) -> float:
    """Its CPU seconds; killed first if it still runs (it is our child, so its number is its own until it is reaped)."""
    if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        os.kill(process.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdin is not None:
        process.stdin.close()
    return usage.ru_utime + usage.ru_stime


def shown(argv: Sequence[str]) -> str:
    """The command as a person would type it: programs by their names, no path of this machine."""
    name = "python" if argv[0] == sys.executable else Path(argv[0]).name
    return shlex.join([name, *argv[1:]])
