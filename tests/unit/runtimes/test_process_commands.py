"""A team's command in the room: what it is told, what is told of its end, and that nothing of it outlives the room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.runtimes.base import CommandEnd
from lab.runtimes.processes.commands import Commands


@pytest.fixture
async def commands(tmp_path: Path) -> AsyncIterator[Commands]:
    commands = Commands(tmp_path / "commands.log", {"PATH": "/usr/bin:/bin"})
    yield commands
    await commands.close()


async def sh(commands: Commands, line: str, within_s: float = 10.0, **variables: str) -> CommandEnd:
    return await commands.run(["sh", "-c", line], variables, within_s)


async def test_it_gets_its_variables_and_its_last_lines_are_kept(commands: Commands) -> None:
    await sh(commands, "echo of another")
    end = await sh(commands, "seq 1 9; echo $LAB_ALARM >&2", LAB_ALARM="errors")
    assert end == CommandEnd(True, "exit code 0", ["6", "7", "8", "9", "errors"])


async def test_another_exit_code_is_no_success(commands: Commands) -> None:
    assert await sh(commands, "echo no; exit 3") == CommandEnd(False, "exit code 3", ["no"])


async def test_a_signal_is_named(commands: Commands) -> None:
    assert await sh(commands, "kill -SEGV $$") == CommandEnd(False, "SIGSEGV", [])


async def test_one_that_takes_too_long_is_killed_with_all_that_it_started(commands: Commands, tmp_path: Path) -> None:
    end = await sh(commands, f"sleep 60 & echo $! > {tmp_path}/pid; wait", within_s=0.2)
    assert (end.ok, end.how) == (False, "killed: not done within 0.2 s")
    await until_gone(int((tmp_path / "pid").read_text()))


async def test_what_it_left_behind_lives_until_the_room_is_closed(commands: Commands, tmp_path: Path) -> None:
    await sh(commands, f"sleep 60 & echo $! > {tmp_path}/pid")
    pid = int((tmp_path / "pid").read_text())
    assert Path(f"/proc/{pid}").exists()
    await commands.close()
    await until_gone(pid)


async def test_one_that_is_not_there_is_told(commands: Commands) -> None:
    end = await commands.run(["./gone.sh"], {}, 1.0)
    assert (end.ok, end.how) == (False, "cannot be started: cannot start './gone.sh': no such program")


async def until_gone(pid: int) -> None:
    """Dead; its zombie may be anybody's to reap."""

    def alive() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    async with asyncio.timeout(5):
        while alive():  # noqa: ASYNC110 - only the kernel knows
            await asyncio.sleep(0.002)
