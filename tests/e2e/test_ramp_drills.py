"""The drills about a ramp past the capacity, in the sandbox: a longer queue only makes users wait; an alarm on the queue adds a
worker in time. What users met is counted, so that a busy machine, on which the lab says ``unknown``, still shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from drill_runs import SLOW_US, UNKNOWN, actions, failed, run

from lab.history.model.history import History
from lab.history.model.rows import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.namespaces]
ON_ERRORS = ("--set", "ramp.measures.alarm-scale.respond.0.when=errors")


def slow(history: History) -> int:
    return sum(row.outcome == Outcome.OK and row.end_us > SLOW_US for row in history.load)


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
    assert (actions(history), failed(history)) == (["scale-out"], 0)


def test_without_it_or_with_one_on_errors_users_suffer(tmp_path: Path) -> None:
    code, nobody = run(tmp_path, "alarm-scale", "--without", "alarm-scale")
    assert code in (1, UNKNOWN)
    code, late = run(tmp_path, "alarm-scale", *ON_ERRORS)
    assert code in (1, UNKNOWN)
    assert (actions(nobody), actions(late)) == ([], ["scale-out"])
    assert failed(nobody) > failed(late) > 0
