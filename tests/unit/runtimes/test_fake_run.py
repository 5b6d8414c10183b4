"""A simulated run has an end in words too, whatever ends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import catalogue
from lab.drill.model import RunPlan
from lab.drill.patches import resolve
from lab.history import store
from lab.history.model.events import RunEvent
from lab.run import control, fake_run
from lab.run.prepare import Choices, prepare


def prepared(root: Path) -> tuple[Path, RunPlan]:
    resolved = resolve(catalogue.read_drill("crash", ()), ())
    plan = prepare(resolved, Choices(runtime="fake", seed=7), catalogue.faults(), print)
    return control.new_run_dir(root, plan), plan


def last_words(run_dir: Path) -> list[str]:
    return [event.reason for event in store.read_history(run_dir).of(RunEvent) if event.phase == "end"]


@pytest.mark.slow  # a quarter of a second, near enough
def test_an_interrupted_simulation_keeps_what_ran_and_says_so(tmp_path: Path) -> None:
    run_dir, plan = prepared(tmp_path)
    looks = iter(range(60))  # 3 s of virtual time
    fake_run.run(run_dir, plan, interrupted=lambda: next(looks, None) is None)
    assert last_words(run_dir) == ["interrupted"]
    assert len(store.read_history(run_dir).probe) > 0


def test_a_simulation_that_cannot_write_has_a_last_word(tmp_path: Path) -> None:
    run_dir, plan = prepared(tmp_path)
    store.load_rows_path(run_dir, 0).mkdir()
    ended = control.carry_out(run_dir, plan, lambda _event: None)
    assert str(store.load_rows_path(run_dir, 0)) in ended.problem
    store.load_rows_path(run_dir, 0).rmdir()
    (reason,) = last_words(run_dir)
    assert reason == f"broken: {ended.problem}"
