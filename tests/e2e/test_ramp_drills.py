"""The drills about a ramp past the capacity, in the sandbox: a longer queue only makes users wait; an alarm on the queue adds a
worker in time. What users met is counted, so that a busy machine, on which the lab says ``unknown``, still shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_process import Lab

from lab.history.model.events import ActionEvent
from lab.history.model.history import History
from lab.history.model.rows import Outcome
from lab.history.store import read_history

pytestmark = [pytest.mark.slow, pytest.mark.namespaces]
UNKNOWN = 3
SLOW_US = 1_000_000
ON_ERRORS = ("--set", "ramp.measures.alarm-scale.respond.0.when=errors")


def run(place: Path, *arguments: str) -> tuple[int, History]:
    with Lab(place, "drill", *arguments, "--runtime", "sandbox") as lab:
        code = lab.done().code
        assert lab.run_dir is not None
        return code, read_history(lab.run_dir)


def failed(history: History) -> int:
    return sum(row.outcome != Outcome.OK for row in history.load)


def slow(history: History) -> int:
    return sum(row.outcome == Outcome.OK and row.end_us > SLOW_US for row in history.load)


def workers_added(history: History) -> int:
    return sum(event.action == "scale-out" and event.phase == "end" and event.ok for event in history.of(ActionEvent))


def test_a_longer_queue_turns_resets_into_waiting_and_more_are_bad(tmp_path: Path) -> None:
    code, short = run(tmp_path, "backlog-overload", "--without", "network-settings")
    assert code in (1, UNKNOWN)
    code, long = run(tmp_path, "backlog-overload")
    assert code in (1, UNKNOWN)
    assert failed(short) > 3 * failed(long)
    assert failed(long) + slow(long) > failed(short) + slow(short)


def test_an_alarm_on_the_queue_adds_a_worker_before_anybody_suffers(tmp_path: Path) -> None:
    code, history = run(tmp_path, "alarm-scale")
    assert code in (0, UNKNOWN)
    assert (workers_added(history), failed(history)) == (1, 0)


def test_without_it_or_with_one_on_errors_users_suffer(tmp_path: Path) -> None:
    code, nobody = run(tmp_path, "alarm-scale", "--without", "alarm-scale")
    assert code in (1, UNKNOWN)
    code, late = run(tmp_path, "alarm-scale", *ON_ERRORS)
    assert code in (1, UNKNOWN)
    assert (workers_added(nobody), workers_added(late)) == (0, 1)
    assert failed(nobody) > failed(late) > 0
