"""The chain from fault to recovery."""

from __future__ import annotations

from lab.history.model.events import DecideEvent, Event, TargetEvent
from lab.judge.spans import repair_marks, spans
from lab.judge.timeline import timeline_of
from tests.histories import STAGE, ns, restart, run


def marks(*events: Event, detected: float | None = 5.5) -> dict[str, float | None]:
    found = repair_marks(timeline_of(run([], events, end=12), 0), None if detected is None else ns(detected))
    return {name: None if t_ns is None else t_ns / 1e9 for name, t_ns in found.items()}


def test_the_marks_of_a_restart() -> None:
    found = marks(*restart(5.502, ready=5.85))
    assert found == {"decided": 5.502, "acted": 5.503, "stopped": 5.513, "started": 5.533, "ready": 5.85}


def test_a_restart_that_failed_is_passed_over_for_the_one_that_got_ready() -> None:
    failed = [TargetEvent(t_ns=ns(5.6), stage=STAGE, state="started"), TargetEvent(t_ns=ns(5.7), stage=STAGE, state="died")]
    again = [TargetEvent(t_ns=ns(7.0), stage=STAGE, state="started"), TargetEvent(t_ns=ns(7.4), stage=STAGE, state="ready")]
    found = marks(*restart(5.502, ready=7.4)[:3], *failed, *again)
    assert (found["acted"], found["ready"]) == (5.503, 7.4)


def test_the_ready_of_the_first_start_is_none_of_the_restart() -> None:
    assert marks(TargetEvent(t_ns=ns(0.1), stage=STAGE, state="ready"))["ready"] is None


def test_giving_up_is_no_decision_to_act() -> None:
    assert marks(DecideEvent(t_ns=ns(6.0), stage=STAGE, alarm="errors", action="give up"))["decided"] is None


def test_marks_that_never_came_are_left_out() -> None:
    found = spans({"fault": ns(5), "visible": ns(5.03), "detected": None, "recovered": ns(8.5)})
    assert [(s.begin, s.end, s.duration_s) for s in found] == [("fault", "visible", 0.03), ("visible", "recovered", 3.47)]


def test_a_recovery_before_the_detection_is_a_negative_span() -> None:
    assert [s.duration_s for s in spans({"detected": ns(5.5), "recovered": ns(5.4)})] == [-0.1]
