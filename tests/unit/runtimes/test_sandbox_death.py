"""SIGKILL of the lab at any moment: the kernel ends everything inside."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from pathlib import Path

import pytest
from sandbox_users import Starter, starter  # noqa: F401 — a fixture

MARK = "LC_LAB_TEST"
"""A variable that a room lets in, so that every process that comes of a lab bears it, whatever it is by then."""

CONTROL = """
import os, sys, time
from pathlib import Path
from lab.process import Process
from lab.runtimes.sandbox.launch import command, environment, is_root
run_dir = Path(sys.argv[1])
run_dir.mkdir(exist_ok=True)
tree = "setsid sh -c 'sleep 600; :' & sh -c 'sleep 600 & wait' & touch $0/up; while :; do sleep 600; done"
room = command(run_dir, ["sh", "-c", tree, str(run_dir)], as_root=is_root())
print("now", flush=True)
Process.spawn(room, env=environment(os.environ))
time.sleep(600)
"""
MOMENTS_S = (0.0, 0.001, 0.002, 0.004, 0.007, 0.012, 0.02, 0.03, 0.04, 0.06)


def bearers(mark: str) -> dict[int, str]:
    """pid → network namespace of every living process that bears the mark."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = os.readlink(entry / "ns/net")
        except (FileNotFoundError, ProcessLookupError, PermissionError):  # gone while we looked, or somebody else's
            continue
    return found


def until_none_is_left(mark: str, within_s: float = 3.0) -> None:
    """Three looks in a row: in the middle of an exec a process shows no environment."""
    deadline, empty = time.monotonic() + within_s, 0
    while empty < 3:
        left = bearers(mark)
        empty = 0 if left else empty + 1
        assert time.monotonic() < deadline, f"left running: {left}"


def kill_after(starter: Starter, moment_s: float | None) -> None:  # noqa: F811
    """Start a lab and SIGKILL it ``moment_s`` after it began to build its room; None: when the tree inside stands."""
    mark = uuid.uuid4().hex
    up = starter.place / mark / "up"
    line = [*starter.python, "-c", CONTROL, str(starter.place / mark)]
    with subprocess.Popen(line, cwd=starter.place, env={**starter.env, MARK: mark}, stdout=subprocess.PIPE) as lab:
        assert lab.stdout is not None
        try:
            assert lab.stdout.readline() == b"now\n"
            deadline = time.monotonic() + (5.0 if moment_s is None else moment_s)
            while time.monotonic() < deadline and not up.exists():
                time.sleep(0.0005)  # the moment is what is tried here, nothing is waited for
            inside = set(bearers(mark).values()) - {os.readlink("/proc/self/ns/net")}
            assert up.exists() or moment_s is not None
            assert inside or not up.exists()
        finally:
            lab.kill()
    until_none_is_left(mark)


@pytest.mark.namespaces
@pytest.mark.slow
def test_nothing_is_left_whenever_the_lab_is_killed(starter: Starter) -> None:  # noqa: F811
    for moment_s in (*MOMENTS_S, None):
        kill_after(starter, moment_s)


@pytest.mark.namespaces
@pytest.mark.slow
def test_the_count_finds_what_is_left(starter: Starter) -> None:  # noqa: F811
    """The same count with a process that outlives its lab."""
    mark = uuid.uuid4().hex
    line = [*starter.python, "-c", "import subprocess; print(subprocess.Popen(['sleep', '600'], stdout=2).pid, flush=True)"]
    done = subprocess.run(line, env={**starter.env, MARK: mark}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    left = int(done.stdout)
    try:
        with pytest.raises(AssertionError, match=f"left running.*{left}"):
            until_none_is_left(mark, within_s=0.05)
    finally:
        os.kill(left, 9)
