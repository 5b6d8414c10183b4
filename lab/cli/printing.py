"""The report on stdout: in colour on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys

from lab.history.model.history import History
from lab.judge.verdict import Verdict
from lab.report.conclusion import last_line as last_line
from lab.report.terminal import report

PIPE_WIDTH = 120


def print_report(history: History, verdict: Verdict) -> None:
    """As wide as the terminal; 120 columns elsewhere. NO_COLOR is honoured, and nothing depends on colour."""
    if not sys.stdout.isatty():
        write("\n".join(report(history, verdict, PIPE_WIDTH)) + "\n")
        return
    from rich.console import Console

    from lab.report.colours import coloured

    console = Console(file=sys.stdout)
    console.print(coloured(report(history, verdict, console.width)), soft_wrap=True)


def write(text: str) -> None:
    """A pipe that cannot carry an arrow gets a question mark, not a traceback."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
