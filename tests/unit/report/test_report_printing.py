"""What reaches stdout: colour on a terminal only, and never alone."""

from __future__ import annotations

import io
import re

import pytest

from lab.cli.printing import print_report
from lab.judge.judge import judge
from lab.report.terminal import report
from tests.histories import crash
from tests.unit.report.verdicts import accept_queue

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Screen(io.StringIO):
    """A terminal that keeps what was written to it."""

    def isatty(self) -> bool:
        return True


def a_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """In place of stdout; not a fixture, because pytest puts its own capture there between set-up and test."""
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return screen


def test_a_pipe_gets_plain_text_of_120_columns(capsys: pytest.CaptureFixture[str]) -> None:
    history = accept_queue()
    print_report(history, judge(history))
    assert capsys.readouterr().out == "\n".join(report(history, judge(history), 120)) + "\n"


def test_a_terminal_gets_the_same_words_in_colour_and_in_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = a_screen(monkeypatch)
    history = accept_queue()
    print_report(history, judge(history))
    assert ESCAPE.search(screen.getvalue())
    assert ESCAPE.sub("", screen.getvalue()).splitlines() == report(history, judge(history), 80)


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = a_screen(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    history = crash()
    print_report(history, judge(history))
    coloured = [code for code in ESCAPE.findall(screen.getvalue()) if re.search(r"3\d|4\d|9\d", code)]
    assert coloured == []


def test_a_pipe_that_cannot_carry_an_arrow_gets_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    history = accept_queue()
    print_report(history, judge(history))
    assert b"act?ready 348 ms" in raw.getvalue()
