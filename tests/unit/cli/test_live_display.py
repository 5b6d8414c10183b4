"""The live display: drawn on a terminal, lines elsewhere, and the terminal is left as it was."""

from __future__ import annotations

import io
import os
import pty
import sys

import pytest

from lab.cli.live import Display, can_redraw
from lab.history.model.events import AlarmEvent, SensorEvent, StageEvent, TickEvent
from tests.histories import STAGE, ns, plan, stage

PLAN = plan(stage())
BEGIN = StageEvent(t_ns=ns(0.5), stage=STAGE, phase="begin")
ALARM = AlarmEvent(t_ns=ns(6), stage=STAGE, phase="begin", alarm="errors", text="errors 72% of fresh > 20%")
QUIET = [TickEvent(t_ns=ns(7), shares={"ok": 9}), SensorEvent(t_ns=ns(8), readings={})]
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def a_screen(monkeypatch: pytest.MonkeyPatch, term: str = "xterm-256color") -> Screen:
    """In place of stderr; not a fixture, because pytest puts its own capture there between set-up and test."""
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    return screen


def test_elsewhere_than_on_a_terminal_each_notable_event_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Display(PLAN) as display:
        for event in (BEGIN, ALARM, *QUIET):
            display.on_event(event)
    printed = capsys.readouterr()
    assert printed.err == "    0.500 s  stage 1/1 wire\n    6.000 s  alarm: errors 72% of fresh > 20%\n"
    assert printed.out == ""


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = a_screen(monkeypatch, term="dumb")
    with Display(PLAN) as display:
        display.on_event(BEGIN)
    assert screen.getvalue() == "    0.500 s  stage 1/1 wire\n"


def test_a_terminal_shows_stage_time_left_alarm_and_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = a_screen(monkeypatch)
    with Display(PLAN) as display:
        for event in (BEGIN, ALARM, *QUIET):
            display.on_event(event)
        drawn = screen.getvalue()
    assert "1/1 wire" in drawn
    assert "s left" in drawn
    assert "last alarm: errors 72% of fresh > 20%" in drawn
    assert "100 % ok" in drawn


def test_it_is_not_drawn_more_often_than_a_person_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = a_screen(monkeypatch)
    with Display(PLAN) as display:
        display.on_event(BEGIN)
        before = len(screen.getvalue())
        for tenth in range(1, 20):
            display.on_event(SensorEvent(t_ns=ns(0.5 + tenth / 1000), readings={}))
        assert len(screen.getvalue()) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_cursor_comes_back_whatever_ends_the_run(monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    screen = a_screen(monkeypatch)
    with pytest.raises(error), Display(PLAN) as display:  # noqa: PT012  # the event has to come first
        display.on_event(BEGIN)
        assert HIDE in screen.getvalue()
        raise error
    assert screen.getvalue().rfind(SHOW) > screen.getvalue().rfind(HIDE)


def test_the_run_goes_on_when_nobody_reads_its_log_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Closed())
    with Display(PLAN) as display:
        display.on_event(BEGIN)
        display.on_event(ALARM)


def test_a_real_terminal_can_redraw_and_a_pipe_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    reading, writing = os.pipe()
    with os.fdopen(theirs, "w") as terminal, os.fdopen(writing, "w") as pipe:
        assert can_redraw(terminal)
        assert not can_redraw(pipe)
        monkeypatch.delenv("TERM")
        assert not can_redraw(terminal)
    os.close(ours)
    os.close(reading)


def test_it_writes_to_stderr_as_it_is_when_the_run_begins() -> None:
    assert Display(PLAN)._stream is sys.stderr
