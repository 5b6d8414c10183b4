"""The runner as pid 1: orphans are reaped, exit codes of its own children are not stolen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.process import Process
from lab.runtimes.sandbox.init import reap_orphans
from lab.runtimes.sandbox.launch import command, environment, is_root

RUNNER = """
import asyncio, os, sys
from lab.process import Process
from lab.runtimes.sandbox.init import keep_reaping

def others():
    return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]

async def main():
    orphaner = "sh -c 'sleep 0.01; exit 9' & sh -c 'exit 9' & exit 7"
    started = [Process.spawn(["sh", "-c", line], env=os.environ) for line in (orphaner, "exit 8")]
    reaping = asyncio.create_task(keep_reaping(lambda: {process.pid for process in started}, every_s=0.005))
    codes = [await started[0].exited()]
    async with asyncio.timeout(5):
        while others() != [str(started[1].pid)]:  # the orphans are reaped, the child that nobody has waited for yet is not
            await asyncio.sleep(0.001)
    print(os.getpid(), [*codes, await started[1].exited()], others())

if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


@pytest.mark.namespaces
@pytest.mark.slow
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_pid_1_reaps_orphans_and_keeps_its_childrens_exit_codes(loop: str, tmp_path: Path) -> None:
    room = command(tmp_path, [sys.executable, "-c", RUNNER, loop], as_root=is_root())
    started = Process.spawn(room, env=environment(os.environ), stdout=tmp_path / "out", stderr=tmp_path / "err")
    started.wait_blocking(10)
    assert (tmp_path / "out").read_text() == "1 [7, 8] []\n", (tmp_path / "err").read_text()


def test_a_known_child_is_left_to_whoever_waits_for_it() -> None:
    child = subprocess.Popen(["sh", "-c", "exit 6"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert child.pid not in reap_orphans(lambda: {child.pid})
    assert child.wait() == 6


def test_an_unknown_dead_child_is_reaped_and_a_living_one_is_not() -> None:
    dead, alive = os.posix_spawn("/bin/true", ["true"], {}), os.posix_spawn("/bin/sleep", ["sleep", "600"], {})
    os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)
    try:
        assert reap_orphans(set) == (dead,)
    finally:
        os.kill(alive, 9)
        os.waitpid(alive, 0)
