"""What a person sees while a run goes on: two lines that change on a terminal, a line for each notable event elsewhere."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from lab.drill.model import RunPlan
from lab.history.model.events import Event
from lab.report.notices import notice
from lab.report.progress import Progress, after

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

REDRAW_S = 0.2
"""Drawing takes some milliseconds of a machine that is busy measuring: not for each of ten readings a second."""


class Display:
    """Writes to stderr. It is drawn when an event arrives, from this thread: no thread of its own runs beside the fork
    that starts the room, and no time is shown that is not in the history."""

    def __init__(self, plan: RunPlan) -> None:
        self._stream: TextIO = sys.stderr
        self._progress = Progress(plan)
        self._live: Live | None = None
        self._drawn_s = 0.0
        self._reader_gone = False

    def __enter__(self) -> Self:
        if can_redraw(self._stream):
            self._live = _live(self._stream)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leaves the terminal as it was, whatever ended the run: the cursor is back, the two lines are gone."""
        if self._live is not None:
            try:
                self._live.stop()
            finally:
                self._live.console.show_cursor(True)
                self._live = None

    def on_event(self, event: Event) -> None:
        self._progress = after(self._progress, event)
        line = notice(self._progress.plan, event)
        if self._live is None:
            self._write(line)
        elif line or self._progress.t_s - self._drawn_s >= REDRAW_S:
            self._drawn_s = self._progress.t_s
            self._live.update(_text(self._progress), refresh=True)

    def _write(self, line: str) -> None:
        if not line or self._reader_gone:
            return
        encoding = self._stream.encoding or "utf-8"
        try:
            print(line.encode(encoding, "replace").decode(encoding), file=self._stream, flush=True)
        except BrokenPipeError:
            self._reader_gone = True  # nobody reads our log any more; the run still has to be healed and judged


def can_redraw(stream: TextIO) -> bool:
    """A terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _live(stream: TextIO) -> Live:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream)
    return Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)


def _text(progress: Progress) -> Text:
    from rich.text import Text

    where, *rest = progress.lines()
    return Text.assemble((where, "bold"), *(f"\n{line}" for line in rest), no_wrap=True, overflow="ellipsis")
