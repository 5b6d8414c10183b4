"""SIGKILL of the control process at any moment of a run: nothing of it is left, in the sandbox or in the open."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import short_drills
from lab_process import MARK, Lab

SEED = 20
LONGEST_S = 11.0
"""A run of either drill takes 12 s."""
AT_A_TIME = 5
"""Two cores carry so many: they wait for most of their time."""

pytestmark = [pytest.mark.slow]


def killed_after(place: Path, runtime: str, drill: str, moment_s: float) -> int:
    """How many processes there were when the lab was killed ``moment_s`` after its start; fails when one is left."""
    with Lab(place, "drill", drill, "--runtime", runtime) as lab:
        deadline = time.monotonic() + moment_s
        while time.monotonic() < deadline and lab.process.poll() is None:
            time.sleep(0.005)  # the moment is what is tried here, nothing is waited for
        assert lab.process.poll() is None, f"it ended by itself: {lab.done()}"
        found = lab.bearers()
        namespaces = frozenset[str]().union(*(each.namespaces for each in found))
        lab.process.send_signal(signal.SIGKILL)
        try:
            lab.nothing_is_left(namespaces)
        except AssertionError as left:
            raise AssertionError(f"{runtime}, {drill}, killed after {moment_s:.3f} s (seed {SEED}): {left}") from None
    return len(found)


def kill_many(place: Path, runtime: str, drills: list[Callable[[Path], str]], times: int) -> None:
    chance = random.Random(f"{SEED} {runtime}")
    names = [drill(place) for drill in drills]
    tries = [(names[i % len(names)], chance.uniform(0.0, LONGEST_S)) for i in range(times)]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        running = [pool.submit(killed_after, place, runtime, drill, moment_s) for drill, moment_s in tries]
        counts = [each.result() for each in running]
    assert sorted(counts)[len(counts) // 2] >= 4, f"most moments must be ones with target, load and runner there: {counts}"


@pytest.mark.namespaces
@pytest.mark.toxiproxy
def test_nothing_is_left_of_a_sandbox_whenever_the_lab_is_killed(tmp_path: Path) -> None:
    kill_many(tmp_path, "sandbox", [short_drills.crash, short_drills.wire], 20)


@pytest.mark.toxiproxy
def test_nothing_is_left_in_the_open_whenever_the_lab_is_killed(tmp_path: Path) -> None:
    kill_many(tmp_path, "open", [short_drills.crash, short_drills.wire], 10)


def test_the_count_finds_what_is_left(tmp_path: Path) -> None:
    with Lab(tmp_path, "list") as lab:
        lab.done()
        env = {**os.environ, MARK: lab.mark}
        with subprocess.Popen([sys.executable, "-c", "input()"], env=env, stdin=subprocess.PIPE) as left:
            with pytest.raises(AssertionError, match=f"left running.*pid={left.pid}"):
                lab.nothing_is_left(within_s=0.2)
            left.kill()
        lab.nothing_is_left()
