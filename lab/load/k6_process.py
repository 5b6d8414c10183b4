"""k6 as a process: asked how many users its script makes, started, asked to end; what it costs."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from lab.load.k6_plan import K6Plan
from lab.pipe import reading
from lab.process import DEVNULL, PIPE, Process

END_WITHIN_S = 3.0
"""For k6 to end after SIGINT (measured: 30 ms without a teardown); who asked for it waits five seconds for all of this."""
TAGS = "proto,subproto,status,method,url,name,group,check,error,error_code,tls_version,scenario,service,expected_response,vu,iter"
"""k6's default ones, in case the script has fewer, and the user's number."""
QUIETLY = ("--quiet", "--no-usage-report", "--no-color", "--address=", f"--system-tags={TAGS}")


def look_for(plan: K6Plan) -> None:
    """Raises FileNotFoundError where k6 or its script is missing."""
    for path in (plan.k6, plan.script):
        if not Path(path).is_file():
            raise FileNotFoundError(f"no such file: {path}")


def start(plan: K6Plan) -> tuple[Process, IO[bytes]]:
    """Runs the script; it tells its points in that pipe."""
    points, its_end = os.pipe()
    try:
        k6 = _spawn(plan, "run", f"--out=json=/proc/self/fd/{its_end}", *QUIETLY, pass_fds=[its_end])
    finally:
        os.close(its_end)
    return k6, os.fdopen(points, "rb", 0)


async def most_users(plan: K6Plan, within_s: float) -> int:
    """How many users the script has at most, as ``k6 inspect`` says; 1 when it does not within the time there is."""
    k6 = _spawn(plan, "inspect", "--execution-requirements", stdout=PIPE)
    assert k6.stdout is not None
    assert k6.stderr is not None
    said = await reading(k6.stdout)
    try:
        async with asyncio.timeout(within_s):
            return int(json.loads(await said.read())["maxVUs"])
    except (TimeoutError, ValueError, KeyError, TypeError):
        return 1  # what is wrong with the script, k6 itself says in a moment
    finally:
        k6.signal(signal.SIGKILL)
        await k6.exited()
        k6.stderr.close()


async def ends(k6: Process) -> bool:
    """Asks it to; False when it had to be killed."""
    k6.signal(signal.SIGINT)
    try:
        async with asyncio.timeout(END_WITHIN_S):
            await k6.exited()
    except TimeoutError:
        k6.signal(signal.SIGKILL)
        return False
    return True


def cpu_s(pid: int) -> float:
    """Of all k6 that there were and of the one that lives, if any. The CPU clock of a living process has a number that
    follows from its own (clock_getcpuclockid); of the dead, the kernel has the sum.
    """
    dead = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        living_s = time.clock_gettime(~pid << 3 | 2) if pid else 0.0
    except OSError:
        living_s = 0.0  # it has been reaped
    return dead.ru_utime + dead.ru_stime + living_s


def _spawn(plan: K6Plan, verb: str, *options: str, pass_fds: Sequence[int] = (), stdout: int = DEVNULL) -> Process:
    """In a session of its own, away from anybody's Ctrl-C; it dies with this process all the same."""
    # Its times in UTC, so that no rule of summer time is needed; and nothing is fetched in the middle of a run.
    env = {**os.environ, "TZ": "UTC", "K6_AUTO_EXTENSION_RESOLUTION": "false"}
    variables = [word for name, value in plan.environment.items() for word in ("-e", f"{name}={value}")]
    argv = [plan.k6, verb, *options, *variables, plan.script]
    return Process.spawn(argv, env=env, stdout=stdout, stderr=PIPE, pass_fds=pass_fds)
