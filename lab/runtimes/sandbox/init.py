"""What a runner owes as pid 1: the kernel gives it every process whose parent has died, and only it can reap those.

reaping = asyncio.create_task(keep_reaping(lambda: {process.pid for process in started}))
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

Known = Callable[[], Collection[int]]
"""The pids of children that somebody waits for: every ``Process``, and those of asyncio's subprocesses."""


async def keep_reaping(known: Known, every_s: float = 1.0) -> None:
    """Reap orphans until cancelled. By the clock, because uvloop lets nobody else handle SIGCHLD.

    Only what was dead at the look before as well: a child of a thread's ``subprocess.run``, which nobody knows of here,
    is left to that thread. Orphans in between cost a row of the process table and nothing else.
    """
    dead: frozenset[int] = frozenset()
    while True:
        reap_orphans(known, among=dead)
        dead = frozenset(zombies())
        await asyncio.sleep(every_s)


def reap_orphans(known: Known, among: Collection[int] | None = None) -> tuple[int, ...]:
    """Reap our dead children that are not ``known``, now; returns their pids. Also fit for SIGCHLD on asyncio's own loop.

    To wait for any child (``waitpid(-1)``) would steal exit codes, so the zombies are looked up one by one: 0.1 ms in a room.
    """
    candidates = [pid for pid in zombies() if (among is None or pid in among) and pid not in known()]
    return tuple(pid for pid in candidates if _reap(pid))


def zombies(proc: Path = Path("/proc")) -> Iterator[int]:
    """The pids of our own children that are dead and not reaped yet."""
    us = str(os.getpid())
    for entry in proc.iterdir():
        if entry.name.isdigit() and _state_and_parent(entry) == ("Z", us):
            yield int(entry.name)


def _state_and_parent(entry: Path) -> tuple[str, str]:
    """The two fields after the command's name, which is in brackets and may hold anything."""
    try:
        state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):  # gone while we looked
        return ("", "")
    return (state, parent)


def _reap(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is not None
    except ChildProcessError:  # whoever started it was quicker: then it was no orphan
        return False
