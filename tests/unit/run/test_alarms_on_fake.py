"""Whole drills in virtual time with the alarms that read the target's listener, and with ``latency``."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from lab.drill.model import Alarms
from lab.history.model.events import AcceptEvent, AlarmEvent, DecideEvent, HealthEvent, InjectEvent
from lab.judge.verdict import Ruling
from lab.nanoseconds import NS_PER_MS
from lab.watch.alarms import Rules
from tests.fake_lab import Played, play

pytestmark = pytest.mark.slow  # half a second of real time each

DRILL = """
drill: small-queue
target: {use: coupon-order}
stages:
  - stage: queue
    load: {executor: constant-vus, vus: 20, connections: fresh, request: order}
    alarm: {ALARM}
    fault: {backlog: {size: 16}}
    lasts: until recovered
    measures: {auto-restart: {respond: [{when: NAME, do: restart}]}}
    within: {detect: 1s, recover: 3s}
"""


def played(tmp_path: Path, alarm: str, name: str = "queue") -> Played:
    (tmp_path / "d.yaml").write_text(DRILL.replace("ALARM", alarm).replace("NAME", name))
    return play(tmp_path / "runs", str(tmp_path / "d.yaml"))


@pytest.mark.parametrize(
    "alarm", ["queue: {above: 50%, for: 100ms}", "connections: {above: 90%}", "overflows: {above: 5, over: 1s}",
              "latency: {above: 200ms, over: 500ms, for: 50ms}"]
)  # fmt: skip
def test_a_full_queue_raises_the_alarm_and_the_responder_acts_on_it(tmp_path: Path, alarm: str) -> None:
    name = alarm.partition(":")[0]
    run = played(tmp_path, alarm, name)
    assert run.verdict.verdict is Ruling.PASS, run.stage.reasons
    assert run.stage.episodes[0].detected_by == name
    assert [(event.alarm, event.action) for event in run.history.of(DecideEvent)] == [(name, "restart")]
    assert [event.phase for event in run.history.of(AlarmEvent)] == ["begin", "end"]


def test_an_alarm_that_is_set_too_high_notices_nothing(tmp_path: Path) -> None:
    run = played(tmp_path, "connections: {above: 1001}", "connections")
    assert list(run.history.of(AlarmEvent)) == []
    assert run.verdict.verdict is Ruling.FAIL


def test_readings_are_recorded_20_times_a_second_and_tell_the_same_again(tmp_path: Path) -> None:
    run = played(tmp_path, "queue: {above: 50%, for: 100ms}")
    readings = list(run.history.of(AcceptEvent))
    gaps_ns = [after.t_ns - before.t_ns for before, after in pairwise(readings)]
    assert min(gaps_ns) >= 49 * NS_PER_MS
    assert max(gaps_ns) <= 60 * NS_PER_MS
    raised = next(run.history.of(AlarmEvent))
    again = Rules(run.plan.drill.stages[0].alarm or Alarms())
    for reading in readings:
        if reading.t_ns <= raised.t_ns:
            again.read(reading)
            again.standing(reading.t_ns)
    assert [alarm.text for alarm in again.standing(raised.t_ns)] == [raised.text]


def test_a_stage_without_such_a_rule_is_not_read(tmp_path: Path) -> None:
    run = played(tmp_path, "errors: {above: 20%, over: 500ms}", "errors")
    assert list(run.history.of(AcceptEvent)) == []


HANG = DRILL.replace("fault: {backlog: {size: 16}}", "fault: hang")


def test_a_process_that_stands_still_is_found_by_its_health_check_before_a_client_has_waited_its_time(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(HANG.replace("ALARM", "health: {}").replace("NAME", "health"))
    run = play(tmp_path / "runs", str(tmp_path / "d.yaml"))
    assert run.verdict.verdict is Ruling.PASS, run.stage.reasons
    injected = next(run.history.of(InjectEvent)).t_ns
    raised = next(run.history.of(AlarmEvent))
    assert raised.alarm == "health"
    assert 180 * NS_PER_MS <= raised.t_ns - injected <= 300 * NS_PER_MS  # two misses of 80 ms, one interval apart
    assert [event.action for event in run.history.of(DecideEvent)] == ["restart"]


def test_a_full_service_port_is_none_of_the_health_ports_business(tmp_path: Path) -> None:
    run = played(tmp_path, "health: {}", "health")
    assert list(run.history.of(AlarmEvent)) == []
    assert len(list(run.history.of(HealthEvent))) > 50


def test_answers_are_asked_at_their_interval(tmp_path: Path) -> None:
    run = played(tmp_path, "health: {every: 250ms}", "health")
    asked = [event.asked_ns for event in run.history.of(HealthEvent)]
    assert {round((after - before) / NS_PER_MS) for before, after in pairwise(asked)} == {250}
