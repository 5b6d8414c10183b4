"""A drill run in the sandbox, and what was counted in it: so a busy machine, on which the lab says ``unknown``, still shows
whether a measure did what it is there for."""

from __future__ import annotations

from pathlib import Path

from lab_process import Lab

from lab.history.model.events import ActionEvent
from lab.history.model.history import History
from lab.history.model.rows import Outcome
from lab.history.store import read_history

UNKNOWN = 3
SLOW_US = 1_000_000


def run(place: Path, *arguments: str) -> tuple[int, History]:
    """The exit code, and what was recorded."""
    with Lab(place, "drill", *arguments, "--runtime", "sandbox") as lab:
        code = lab.done().code
        assert lab.run_dir is not None
        return code, read_history(lab.run_dir)


def without(*measures: str) -> list[str]:
    return [word for measure in measures for word in ("--without", measure)]


def failed(history: History) -> int:
    return sum(row.outcome != Outcome.OK for row in history.load)


def actions(history: History) -> list[str]:
    """That were done, in their order."""
    return [event.action for event in history.of(ActionEvent) if event.phase == "end" and event.ok]
