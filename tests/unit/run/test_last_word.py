"""What is said in place of a runner that could not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_runs import a_plan

from lab.history import store
from lab.history.model.events import RunEvent
from lab.run import last_word


@pytest.mark.parametrize(
    ("code", "log", "told"),
    [
        (-9, None, "the runner died (SIGKILL)"),
        (137, None, "the runner died (SIGKILL)"),
        (3, "", "the runner died (exit code 3)"),
        (1, "Traceback\nKeyError: 'x'\n", "the runner died (exit code 1): KeyError: 'x'"),
        (1, "noise\nerror: port 80 is taken\nhint: another\n", "port 80 is taken\nhint: another"),
        (1, "error: first\nerror: last\n", "last"),
        (1, "sandbox: not allowed\n", "sandbox: not allowed"),
        (1, f"{last_word.KILLED_IN_ROOM}\n", "the runner died (SIGKILL)"),
    ],
)
def test_the_reason_comes_from_the_exit_code_and_the_log(tmp_path: Path, code: int, log: str | None, told: str) -> None:
    if log is not None:
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "runner.log").write_text(log)
    assert last_word.problem(tmp_path, code) == told


def test_a_full_disk_is_the_reason_whatever_the_log_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_word, "NEARLY_FULL_BYTES", shutil.disk_usage(tmp_path).total + 1)
    assert last_word.problem(tmp_path, 1) == f"the disk of the run directory is full: {tmp_path}"


def words(run_dir: Path) -> list[tuple[str, str]]:
    return [(e.writer, e.reason) for e in store.read_history(run_dir).events if isinstance(e, RunEvent) and e.phase == "end"]


def a_run(root: Path, *events: RunEvent) -> Path:
    run_dir = root / "run"
    run_dir.mkdir()
    store.write_plan(run_dir, a_plan())
    writer = store.EventWriter(store.events_path(run_dir, "run"), "run")
    for event in events:
        writer.write(event)
    writer.close()
    return run_dir


def test_a_run_without_an_end_gets_one(tmp_path: Path) -> None:
    run_dir = a_run(tmp_path, RunEvent(t_ns=1, phase="begin"))
    last_word.write(run_dir, a_plan(), "broken: it died")
    assert words(run_dir) == [("control", "broken: it died")]


def test_a_run_that_has_its_end_keeps_it(tmp_path: Path) -> None:
    run_dir = a_run(tmp_path, RunEvent(t_ns=1, phase="begin"), RunEvent(t_ns=2, phase="end"))
    last_word.write(run_dir, a_plan(), "broken: it died")
    assert words(run_dir) == [("run", "complete")]
