"""One visit to one supervisor: started, its target asked all the time, killed and hung under it, ended. Nothing is left of it."""

from __future__ import annotations

import asyncio
import math
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.programs import ROOT, Failed
from benchmarks.recovery.probe import Probe
from benchmarks.recovery.supervisors import Supervisor, environment
from benchmarks.recovery.trial import Trial, clean, judged
from lab.nanoseconds import NS_PER_S
from lab.runtimes import listener

UP_WITHIN_S = 20.0
QUIET_S = 1.0
"""Without a fault, before each: whatever is bad then ends the benchmark."""
APART_S = 4.5
"""Between two faults: the longest back-off of any of them, the lab's, is 4 s after its last action."""
LOOKED_S = 8.0
FLUSHED_S = 0.5
"""The lab writes its events every 250 ms."""
Fault = Callable[[int], None]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


FAULTS: Mapping[str, Fault] = {"SIGKILL": kill, "SIGSTOP": stop}


@dataclass
class Visited:
    """``faults_ns``: CLOCK_MONOTONIC. ``plan`` and ``history``: files of the lab's own run, before they go; empty for others."""

    trials: dict[str, list[Trial]] = field(default_factory=dict)
    faults_ns: dict[str, list[int]] = field(default_factory=dict)
    plan: str = ""
    history: str = ""


async def visit(supervisor: Supervisor, folder: Path, port: int, faults: Sequence[str]) -> Visited:
    """The faults one after the other; after one that nothing recovers from, no more. Raises Failed."""
    found = Visited()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    given = {**environment(folder, port), **supervisor.environment}
    with _running(supervisor.argv(folder, port), given, folder) as process:
        await _until_up(supervisor, folder, port, process)
        probe = Probe(port)
        async with probe.asking():
            for name in faults:
                trial, fault_ns = await _trial(probe, process.pid, port, FAULTS[name], supervisor.period_s)
                found.trials.setdefault(name, []).append(trial)
                found.faults_ns.setdefault(name, []).append(fault_ns)
                if trial.recovery_ms == math.inf:
                    break
        await asyncio.sleep(FLUSHED_S)
        found.plan = _written(folder, "drill.json")
        found.history = _written(folder, "events-run.jsonl")
    return found


async def _trial(probe: Probe, root: int, port: int, fault: Fault, period_s: float) -> tuple[Trial, int]:
    quiet_ns = time.monotonic_ns()
    await asyncio.sleep(QUIET_S + random.uniform(0, period_s))
    pid = target_pid(root, port)
    answered_by_ns = time.monotonic_ns() - NS_PER_S // 5
    if not clean(probe.asked, quiet_ns, answered_by_ns) or probe.waits_since_before(answered_by_ns):
        raise Failed("the target did not answer everything before the fault: nothing can be said of what came after")
    fault_ns = time.monotonic_ns()
    fault(pid)
    until_ns = fault_ns + round(LOOKED_S * NS_PER_S)
    while judged(probe.asked, fault_ns, until_ns).recovery_ms == math.inf:
        if time.monotonic_ns() > until_ns:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(max(0.0, (fault_ns + APART_S * NS_PER_S - time.monotonic_ns()) / NS_PER_S))
    return judged(probe.asked, fault_ns, time.monotonic_ns()), fault_ns


def target_pid(root: int, port: int) -> int:
    """The youngest below ``root`` that listens: a master and a holder of the listener come before it. Raises Failed."""
    found = []
    for pid in listener.descendants(root):
        if (sock := listener.duplicate(pid, port)) is not None:
            sock.close()
            found.append(pid)
    if not found:
        raise Failed("no process listens on the target's port")
    return found[-1]


async def _until_up(supervisor: Supervisor, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
    by_s = time.monotonic() + UP_WITHIN_S
    while not (_acts(supervisor, folder) and await answers(port)):
        if process.poll() is not None or time.monotonic() > by_s:
            raise Failed(f"{supervisor.name}: not up: {(folder / 'said.log').read_text(errors='replace')[-800:]}")
        await asyncio.sleep(0.02)
    await asyncio.sleep(QUIET_S)


def _acts(supervisor: Supervisor, folder: Path) -> bool:
    if not supervisor.acts_from:
        return True
    return supervisor.acts_from in _written(folder, "events-run.jsonl")


def _written(folder: Path, name: str) -> str:
    """Of the one run of the lab below ``folder``."""
    return "".join(path.read_text() for path in folder.glob(f"runs/supervised/[0-9]*/{name}"))


async def answers(port: int) -> bool:
    probe = Probe(port)
    await probe.ask(time.monotonic_ns())
    return probe.asked[0].good


async def boot_ms(folder: Path, port: int, argv: Sequence[str]) -> float:
    """Of the target alone: from exec to its first good answer, asked for every 5 ms."""
    begin_ns = time.monotonic_ns()
    async with alone(folder, port, argv):
        return (time.monotonic_ns() - begin_ns) / 1e6


@asynccontextmanager
async def alone(folder: Path, port: int, argv: Sequence[str]) -> AsyncIterator[None]:
    """The target with nobody above it, from its first good answer on. Raises Failed."""
    with _running(argv, environment(folder, port), folder):
        by_s = time.monotonic() + UP_WITHIN_S
        while not await answers(port):
            if time.monotonic() > by_s:
                raise Failed("the target did not boot")
            await asyncio.sleep(0.005)
        yield


@contextmanager
def _running(argv: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Ended with all that it has started, which is found below it first: a supervisor that is killed leaves its target."""
    with (folder / "said.log").open("wb") as said:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *argv],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            yield process
        finally:
            for pidfd in [*_held(listener.descendants(process.pid))]:
                with suppress(ProcessLookupError):  # it went with its parent
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                os.close(pidfd)
            process.wait()


def _held(pids: Iterable[int]) -> Iterator[int]:
    """A descriptor of each that is still there: one that does not start has ended before anybody ends it."""
    for pid in pids:
        with suppress(ProcessLookupError):
            yield os.pidfd_open(pid)
