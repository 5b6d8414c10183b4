"""A round: every supervisor once, one after the other, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.programs import NotHere
from benchmarks.recovery import queue_cost, supervisors
from benchmarks.recovery.recorded import Round, decided_ms, noticed_ms
from benchmarks.recovery.supervisors import INHERITED
from benchmarks.recovery.visit import Visited, alone, boot_ms, visit

BOOTS = 5
FAULTS = ("SIGKILL", "SIGKILL", "SIGSTOP")
LONG = 14
TARGET = [sys.executable, "-m", "target"]
Say = Callable[[str], None]


async def one_round(folder: Path, say: Say) -> Round:
    """Raises Failed. A peer that is not installed stays in the table, with the way to get it."""
    found = Round(boot_ms=await _boots(folder, say))
    for supervisor in supervisors.ALL:
        try:
            visited = await visit(supervisor, folder / "visit", _port(), FAULTS)
        except NotHere as how:
            found.missing[supervisor.name] = str(how)
            continue
        found.trials[supervisor.name] = visited.trials
        _of_the_lab(found, visited)
        say(f"{supervisor.name}: {visited.trials}")
    return found


async def long_run(folder: Path, say: Say) -> Round:
    """The lab's alone: many crashes in one run, and what a sample of the queue alarm takes."""
    found = Round(boot_ms=await _boots(folder, say))
    inherited = next(each for each in supervisors.ALL if each.name == INHERITED)
    visited = await visit(inherited, folder / "visit", _port(), ["SIGKILL"] * LONG)
    found.long_inherited = visited.trials["SIGKILL"]
    _of_the_lab(found, visited)
    say(f"{LONG} crashes: {found.long_inherited}")
    (folder / "queue").mkdir(exist_ok=True)
    async with alone(folder / "queue", port := _port(), TARGET):
        found.sample_ms = await queue_cost.samples_ms(port)
    say(f"a sample: {max(found.sample_ms):.3f} ms at most")
    return found


async def _boots(folder: Path, say: Say) -> list[float]:
    (folder / "boot").mkdir(exist_ok=True)
    await boot_ms(folder / "boot", _port(), TARGET)  # makes the database: no boot after a crash does
    found = [await boot_ms(folder / "boot", _port(), TARGET) for _ in range(BOOTS)]
    say(f"boots: {', '.join(f'{each:.0f}' for each in found)} ms")
    return found


def _of_the_lab(found: Round, visited: Visited) -> None:
    if not visited.history:
        return
    t0_ns = json.loads(visited.plan)["t0_ns"]
    found.decided_ms += decided_ms(visited.history)
    hung_ns = [each - t0_ns for each in visited.faults_ns.get("SIGSTOP", [])]
    found.noticed_ms += noticed_ms(visited.history, "health", hung_ns)


def _port() -> int:
    """Free, and the next too: the health port."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
