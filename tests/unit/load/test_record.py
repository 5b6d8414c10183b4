"""The beat of a load's process, in virtual time: what is written when, and no load without a record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import looptime
import pytest

from lab.clock import LoopClock
from lab.history.model.rows import Row, Rows
from lab.history.store import read_rows
from lab.load.record import Record
from lab.nanoseconds import NS_PER_S

ROW = Row(due_ns=0, start_us=0, end_us=5, status=200)


class Users:
    """Ask for as long as they are told to, or until they are stopped; a row is there at each flush."""

    def __init__(self, rows: Path, lasts_s: float, full_at: int = 0, start_ns: int = 0) -> None:
        self.flushed_s: list[float] = []
        self._stopped = asyncio.Event()
        self._lasts_s = lasts_s
        self._full_at = full_at
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        clock = LoopClock(self._loop, self._began_s)
        self.record = Record(str(rows), clock, start_ns, flush=self._flush, told=lambda: {"vus": 3}, stop=self._stopped.set)

    async def ask(self) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), self._lasts_s)
        except TimeoutError:
            pass

    def _flush(self) -> None:
        self.flushed_s.append(self._loop.time() - self._began_s)
        if self._full_at and len(self.flushed_s) >= self._full_at:
            raise OSError(f"flush {len(self.flushed_s)}: disk full")
        self.record.write(Rows.of([ROW]))


def play(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        runner.run(story())


def ticks(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_rows_go_out_four_times_a_second_and_every_fourth_time_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        users = Users(tmp_path / "rows", lasts_s=2.1)
        assert await users.record.during(users.ask()) == 0
        assert users.flushed_s == pytest.approx([*(0.25 * n for n in range(1, 9)), 2.1])

    play(story)
    told = ticks(capsys)
    assert [(tick["t"] / NS_PER_S, tick["requests"], tick.get("end")) for tick in told] == [
        (1.0, 4, None),
        (2.0, 8, None),
        (2.1, 9, True),
    ]
    assert {tick["vus"] for tick in told} == {3}
    assert len(read_rows(tmp_path / "rows")) == 9


def test_nothing_is_told_before_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story() -> None:
        users = Users(tmp_path / "rows", lasts_s=2.1, start_ns=NS_PER_S)
        await users.record.during(users.ask())

    play(story)
    assert [tick["t"] / NS_PER_S for tick in ticks(capsys)] == [2.0, 2.1]


def test_a_full_disk_ends_the_load_and_the_last_tick_says_what_went_wrong_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        users = Users(tmp_path / "rows", lasts_s=60, full_at=3)
        assert await users.record.during(users.ask()) == 1
        assert users.flushed_s == pytest.approx([0.25, 0.5, 0.75, 0.75])

    play(story)
    assert [(tick["error"], tick["end"]) for tick in ticks(capsys)] == [("flush 3: disk full", True)]
    assert len(read_rows(tmp_path / "rows")) == 2


def test_a_load_that_nobody_listens_to_ends(tmp_path: Path) -> None:
    ended: list[tuple[int, float]] = []

    async def story() -> None:
        users = Users(tmp_path / "rows", lasts_s=60)
        code = await users.record.during(users.ask())
        ended.append((code, users.flushed_s[-1]))

    with suppress(OSError), Path("/dev/full").open("w") as nobody, redirect_stdout(nobody):  # its close fails, too
        play(story)
    assert ended == [(1, pytest.approx(1.0))]


def test_a_defect_of_the_load_is_raised_and_what_there_is_is_written(tmp_path: Path) -> None:
    async def defect() -> None:
        raise ZeroDivisionError

    async def story() -> None:
        users = Users(tmp_path / "rows", lasts_s=0)
        with pytest.raises(ExceptionGroup):
            await users.record.during(defect())

    play(story)
    assert len(read_rows(tmp_path / "rows")) == 1
