"""A file that may be a Toxiproxy server is one when it says so: it is run, with a time-out, and asked for its version."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PINNED = "2.12.0"
"""The version whose behaviour was measured, see docs/adr/0003."""

_VERSION_LINE = re.compile(r"toxiproxy-server version (\S+)")  # the command line client says toxiproxy-cli


class Unusable(Exception):
    """One way to a server failed; the text says why."""


@dataclass(frozen=True)
class Limits:
    """Longest times, in seconds. ``silence_s`` is between two pieces of an answer, ``download_s`` for all of a download."""

    version_s: float = 5.0
    connect_s: float = 3.0
    silence_s: float = 5.0
    download_s: float = 60.0
    build_s: float = 300.0


def version_of(path: Path, limits: Limits) -> str:
    """What ``path -version`` says: ``2.12.0``, or ``git`` when it was built without a version. Raises Unusable."""
    said = run([str(path), "-version"], limits.version_s)
    match = _VERSION_LINE.search(said)
    if match is None:
        raise Unusable(f"{path} -version says {said.strip()[:80]!r}, not `toxiproxy-server version …`")
    return match[1]


def check_pinned(path: Path, limits: Limits) -> None:
    """Raises Unusable unless ``path`` runs and is the pinned version."""
    version = version_of(path, limits)
    if version != PINNED:
        raise Unusable(f"{path} is version {version}, not {PINNED}")


def run(argv: Sequence[str], timeout_s: float, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Runs a command to its end, returns its standard output.

    Raises Unusable, with the last lines it wrote, when it cannot start, fails, or takes longer. It has a process
    group of its own, killed as a whole: ``go`` starts compilers, and they must not outlive it.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=env,
            cwd=cwd,
            process_group=0,
        )
    except OSError as error:
        raise Unusable(f"{argv[0]} does not run: {error.strerror or error}") from error
    with process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise Unusable(f"{argv[0]} was not done within {timeout_s:g} s") from error
        finally:
            _kill_group(process)
    if process.returncode != 0:
        last_lines = " / ".join((err or out).strip().splitlines()[-3:])
        raise Unusable(f"{argv[0]} failed with exit code {process.returncode}: {last_lines or 'it said nothing'}")
    return out


def _kill_group(process: subprocess.Popen[str]) -> None:
    """Ends what still runs, also on Ctrl-C. Its number cannot be another's: the process is reaped only afterwards, or is done."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
