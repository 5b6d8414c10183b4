"""Every rule about alarms has a drill that breaks it, and tells of nothing else."""

from __future__ import annotations

import pytest
from drill_texts import drill, only, problems, stage

from lab.drill.describe_alarms import described
from lab.drill.model import Alarms, ConnectionsAlarm, HealthAlarm, LatencyAlarm, OverflowsAlarm, QueueAlarm
from lab.drill.units import Amount

QUEUE, LATENCY = "queue: {above: 50%, for: 100ms}", "latency: {above: 300ms, over: 1s}"
ALL = f"alarm: {{{QUEUE}, connections: {{above: 120}}, {LATENCY}, overflows: {{over: 1s}}, health: {{}}}}"


@pytest.mark.parametrize(
    ("alarm", "told"),
    [
        ("queue: {above: 101%}", "'101%' is not a share, expected 0% to 100%"),
        ("queue: {above: 131}", "131 is not a share"),
        ("connections: {above: 101%}", "'101%' is no amount, expected a whole number, such as 120, or 0% to 100%"),
        ("connections: {above: 1.5}", "1.5 is no amount"),
        ("connections: {above: 90%}", "a share of max_connections, which the target has no setting for, expected how many"),
        ("latency: {above: 300ms, of: p101, over: 1s}", "'p101' is not a percentile, expected p50, p95"),
        ("latency: {above: 300ms, of: 95%, over: 1s}", "'95%' is not a percentile"),
        ("latency: {above: 300ms, of: p0, over: 1s}", "'p0' is not a percentile"),
        ("latency: {above: 300ms, over: 90ms}", "a probe of 100/s sends fewer than 10 requests in 90ms, expected at least 100ms"),
        ("latency: {above: 300ms, over: 1s, at_least: 0}", "a percentile of 0 requests, expected at least 1"),
        ("overflows: {over: 40ms}", "a window of 40ms: drops are read every 50ms, expected at least 50ms"),
        ("health: {misses: 0}", "0 answers missed, expected at least 1"),
        ("health: {every: 5ms, timeout: 5ms}", "asked every 5ms, which is load of its own, expected at least 10ms"),
        ("health: {timeout: 101ms}", "a timeout of 101ms for what is asked every 100ms, expected more than 0s, at most 100ms"),
        ("health: {timeout: 0s}", "a timeout of 0s for what is asked every 100ms, expected more than 0s, at most 100ms"),
        ("overflows: {above: -1, over: 1s}", "more than -1 drops, expected 0 or more"),
    ],
)
def test_an_alarm_that_cannot_be_is_told_with_its_line(alarm: str, told: str) -> None:
    assert told in only(stage(f"alarm: {{{alarm}}}"))
    assert only(stage(f"alarm: {{{alarm}}}")).startswith("d.yaml:6: ")


def test_a_probe_that_is_slower_in_one_stage_needs_a_longer_window_of_the_drills_alarm() -> None:
    text = stage("probe: {rate: 10/s}").replace("alarm: {errors", "alarm: {latency: {above: 1s, over: 500ms}, errors")
    assert "a probe of 10/s sends fewer than 10 requests in 500ms, expected at least 1s" in only(text)


@pytest.mark.parametrize("name", ["queue: {above: 50%}", "connections: {above: 9}", "overflows: {over: 1s}", "died: {}"])
def test_a_process_that_is_not_ours_is_not_looked_at(name: str) -> None:
    text = stage("probe: {request: look}", f"alarm: {{{name}}}").replace(
        "target: {use: shop}", "target: {url: 'http://127.0.0.1:8080', requests: {look: {get: /}}}"
    )
    assert f"alarm {name.partition(':')[0]} looks at a process that the lab does not start" in [
        each.what for each in problems(text)
    ]


@pytest.mark.parametrize("name", ["queue", "connections", "latency", "overflows", "health"])
def test_a_measure_may_wait_for_any_of_them(name: str) -> None:
    read = drill(stage(ALL, f"measures: {{m: {{respond: [{{when: {name}, do: restart}}]}}}}"))
    assert read.stages[0].respond[0].when == name


def test_a_measure_that_waits_for_one_that_is_not_there_is_told_so() -> None:
    assert "measure m waits for alarm 'queue', which the stage has not" in only(
        stage("measures: {m: {respond: [{when: queue, do: restart}]}}")
    )


def test_they_are_read_as_written_and_told_in_words() -> None:
    alarms = drill(stage(ALL)).stages[0].alarm
    assert alarms == Alarms(
        queue=QueueAlarm(above=0.5, for_=0.1),
        connections=ConnectionsAlarm(above=Amount(120)),
        latency=LatencyAlarm(above=0.3, of=0.95, over=1.0),
        overflows=OverflowsAlarm(over=1.0),
        health=HealthAlarm(every=0.1, timeout=0.08, misses=2),
    )
    assert list(described(alarms)) == [
        "Alarm queue: more than 50% of the accept queue in use, for 100ms without a break.",
        "Alarm connections: more than 120 connections open.",
        "Alarm latency: p95 of the probe above 300ms over 1s.",
        "Alarm overflows: more than 0 connections dropped over 1s.",
        "Alarm health: 2 health checks in a row, one every 100ms, without a good answer in 80ms.",
    ]
    share = Alarms(connections=ConnectionsAlarm(above=Amount(0.9, of_limit=True)))
    assert list(described(share)) == ["Alarm connections: more than 90% of max_connections open."]
