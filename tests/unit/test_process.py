"""A child of the lab: known by its pid file descriptor, gone when the lab is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from lab import process
from lab.process import PIPE, Process

ENV = {"PATH": os.environ["PATH"]}
SLEEP = ["sleep", "600"]


@pytest.fixture
async def sleeper() -> AsyncIterator[Process]:
    started = Process.spawn(SLEEP, env=ENV)
    yield started
    await started.stop(0)


def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "has not come true"
        time.sleep(0.002)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_the_exit_code_is_the_programs() -> None:
    assert await Process.spawn(["sh", "-c", "exit 7"], env=ENV).exited() == 7


async def test_an_end_by_a_signal_is_a_negative_code(sleeper: Process) -> None:
    assert sleeper.signal(signal.SIGINT)
    assert await sleeper.exited() == -signal.SIGINT


async def test_the_pid_is_the_programs_own(sleeper: Process) -> None:
    until(lambda: Path(f"/proc/{sleeper.pid}/comm").read_text() == "sleep\n")
    assert sleeper.alive


async def test_many_may_wait_and_one_that_gives_up_disturbs_nobody(sleeper: Process) -> None:
    waiting = [asyncio.create_task(sleeper.exited()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await asyncio.sleep(0)
    sleeper.signal(signal.SIGKILL)
    assert [await waiting[0], await waiting[2]] == [-9, -9]
    assert waiting[1].cancelled()


async def test_a_signal_to_what_has_ended_is_false_and_reaches_nobody() -> None:
    ended = Process.spawn(["true"], env=ENV)
    await ended.exited()
    assert (ended.signal(signal.SIGKILL), ended.signal_group(signal.SIGKILL), ended.alive) == (False, False, False)


async def test_stop_asks_first(tmp_path: Path) -> None:
    polite = Process.spawn(["sh", "-c", "trap 'exit 3' TERM; echo up; sleep 600 & wait"], env=ENV, stdout=tmp_path / "out")
    until(lambda: (tmp_path / "out").read_text() == "up\n")
    assert await polite.stop(5) == 3


async def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    deaf = Process.spawn(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 600; done"], env=ENV, stdout=tmp_path / "out")
    until(lambda: (tmp_path / "out").read_text() == "up\n")
    assert await deaf.stop(0.05) == -signal.SIGKILL


async def test_stop_leaves_nothing_of_the_group(tmp_path: Path) -> None:
    script = "(trap '' TERM; while :; do sleep 600; done) & echo $!; trap 'exit 0' TERM; wait"
    parent = Process.spawn(["sh", "-c", script], env=ENV, stdout=tmp_path / "out")
    until(lambda: (tmp_path / "out").read_text().endswith("\n"))
    child = int((tmp_path / "out").read_text())
    watcher = asyncio.create_task(parent.exited())  # whoever reaps first must not let the group get away
    assert await parent.stop(5) == 0
    assert await watcher == 0
    until(lambda: not running(child))


async def test_stop_of_what_has_ended_returns_how() -> None:
    ended = Process.spawn(["sh", "-c", "exit 4"], env=ENV)
    await ended.exited()
    assert await ended.stop(1) == 4


async def test_the_environment_is_only_what_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_OUTSIDE", "secret")
    await Process.spawn(["env"], env={**ENV, "GIVEN": "1"}, stdout=tmp_path / "out").exited()
    assert "GIVEN=1\n" in (tmp_path / "out").read_text()
    assert "LAB_OUTSIDE" not in (tmp_path / "out").read_text()


async def test_a_log_file_is_continued_by_the_next_start(tmp_path: Path) -> None:
    for word in ("one", "two"):
        await Process.spawn(["echo", word], env=ENV, stdout=tmp_path / "log").exited()
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


async def test_pipes_and_descriptors_reach_it() -> None:
    reader, writer = os.pipe()
    cat = Process.spawn(["sh", "-c", f"cat > /proc/self/fd/{writer}"], env=ENV, stdin=PIPE, pass_fds=(writer,))
    os.close(writer)
    assert cat.stdin is not None
    cat.stdin.write(b"hello")
    cat.stdin.close()
    assert await cat.exited() == 0
    assert os.read(reader, 100) == b"hello"
    os.close(reader)


def test_exited_works_on_uvloop() -> None:
    async def code() -> int:
        return await Process.spawn(["sh", "-c", "exit 5"], env=ENV).exited()

    assert uvloop.run(code()) == 5


def test_blocking_wait_gives_up_in_time() -> None:
    sleeping = Process.spawn(SLEEP, env=ENV)
    with pytest.raises(TimeoutError, match="has not ended"):
        sleeping.wait_blocking(0.01)
    sleeping.signal(signal.SIGKILL)
    assert sleeping.wait_blocking(5) == -9


@pytest.mark.parametrize("program", ["no-such-program", "./no-such-program"])
def test_a_program_that_is_not_there_is_an_error_at_once(program: str) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        Process.spawn([program], env=ENV)


def test_without_setpriv_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="setpriv"):
        Process.spawn(["true"], env=ENV)


def test_only_the_main_thread_may_start_one() -> None:
    refused: list[str] = []

    def start() -> None:
        try:
            Process.spawn(["true"], env=ENV)
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert refused
    assert "main thread" in refused[0]


async def test_the_kernel_is_asked_for_the_parent_death_signal(tmp_path: Path) -> None:
    await Process.spawn(["setpriv", "--dump"], env=ENV, stdout=tmp_path / "out").exited()
    assert "Parent death signal: KILL" in (tmp_path / "out").read_text()


def test_a_parent_that_died_before_that_was_asked_starts_nothing(tmp_path: Path) -> None:
    somebody_else = "1" if os.getpid() != 1 else "2"
    touched = tmp_path / "touched"
    subprocess.run(["/bin/sh", "-c", process._UNLESS_ORPHAN, somebody_else, "touch", str(touched)])
    assert not touched.exists()
    subprocess.run(["/bin/sh", "-c", process._UNLESS_ORPHAN, str(os.getpid()), "touch", str(touched)])
    assert touched.exists()


def test_a_child_dies_with_the_lab() -> None:
    code = """
import os, time
from lab.process import Process
print(Process.spawn(["sleep", "600"], env=os.environ).pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as lab:
        assert lab.stdout is not None
        child = int(lab.stdout.readline())
        assert running(child)
        lab.kill()
        lab.wait()
    until(lambda: not running(child))


def test_what_a_guarded_child_has_started_dies_with_the_lab_too(tmp_path: Path) -> None:
    """In the open: the kernel's parent-death signal reaches the start script and not the service that it started."""
    code = """
import os, sys, time
from lab.process import Process
script = f"sleep 600 & echo $! > {sys.argv[1]}; wait"
Process.spawn(["sh", "-c", script], env=os.environ, guarded=True)
time.sleep(600)
"""
    said = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", code, str(said)]) as lab:
        until(lambda: said.exists() and said.read_text().endswith("\n"))
        service = int(said.read_text())
        assert running(service)
        lab.kill()
        lab.wait()
    until(lambda: not running(service))


async def test_a_guarded_child_knows_nothing_of_its_guard_and_leaves_none(tmp_path: Path) -> None:
    child = Process.spawn(
        ["sh", "-c", 'read -r x; wait; echo "<$x>"; exec sleep 600'], env=ENV, stdout=tmp_path / "out", guarded=True
    )
    until(lambda: (tmp_path / "out").read_text() == "<>\n")
    guards = [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if group(stat) == child.pid]
    assert len(guards) == 2
    await child.stop(0)
    until(lambda: not any(map(running, guards)))


def group(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def test_descriptors_are_given_back() -> None:
    def many() -> int:
        for _ in range(20):
            Process.spawn(["true"], env=ENV).wait_blocking(5)
        return len(os.listdir("/proc/self/fd"))

    assert many() == many()
