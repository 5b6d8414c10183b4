"""The one word that the runner obeys, at an address of any length."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from lab.run import control_socket


@pytest.mark.parametrize("deep", [False, True], ids=["short", "deeper than 107 bytes"])
async def test_stop_is_heard_once_for_each_time_it_is_said(tmp_path: Path, deep: bool) -> None:
    run_dir = tmp_path.joinpath(*(["a" * 40] * 4 if deep else []))
    run_dir.mkdir(parents=True, exist_ok=True)
    heard: list[str] = []
    async with control_socket.serve(run_dir, stop=lambda: heard.append("stop")):
        assert stat.S_IMODE((run_dir / control_socket.NAME).stat().st_mode) == 0o600
        assert await asyncio.to_thread(control_socket.say_stop, run_dir)
        assert await asyncio.to_thread(control_socket.say_stop, run_dir)
    assert heard == ["stop", "stop"]
    assert not (run_dir / control_socket.NAME).exists()


async def test_another_word_stops_nothing(tmp_path: Path) -> None:
    heard: list[str] = []
    async with control_socket.serve(tmp_path, stop=lambda: heard.append("stop")):
        reader, writer = await asyncio.open_unix_connection(tmp_path / control_socket.NAME)
        writer.write(b"stopp\n")
        assert await reader.readline() == b"unknown word\n"
        writer.close()
    assert heard == []


def test_nobody_who_listens_is_no_error(tmp_path: Path) -> None:
    assert not control_socket.say_stop(tmp_path)
