"""Request rows as k6's JSON lines: what one row of each outcome says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from histories import FRESH, KEPT, cut, dropped, failed, hang, ok, refused, reset, row, unconnected

from lab.drill.thresholds import parse_all
from lab.history.model.rows import Outcome, Row, Rows
from lab.report import k6_json

EPOCH_NS = 1_795_618_489_000_000_000
REQUEST = [
    "http_reqs",
    "http_req_duration",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
    "http_req_failed",
    "checks",
    "iteration_duration",
    "iterations",
]
GROUP = {"group": "", "scenario": "peak"}
ANSWER = {**GROUP, "method": "POST", "name": "order 100%", "url": "http://127.0.0.1/a%20b"}


def told(*rows: Row) -> list[dict[str, Any]]:
    lines = k6_json.lines(
        Rows.of(rows),
        scenario_names=["peak"],
        request_names=["order 100%"],
        methods=["POST"],
        urls=["http://127.0.0.1/a%20b"],
        epoch_ns=EPOCH_NS,
    )
    whole = list(lines)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in whole)
    return [json.loads(line) for line in whole]


def points(*rows: Row) -> list[dict[str, Any]]:
    return [line for line in told(*rows) if line["type"] == "Point"]


def values(row: Row) -> dict[str, float]:
    return {point["metric"].removeprefix("http_req_"): point["data"]["value"] for point in points(row)}


def test_a_request_is_twelve_points_with_its_end_as_their_time() -> None:
    asked = points(ok(1.5, took=0.005))
    assert [point["metric"] for point in asked] == REQUEST
    assert {point["data"]["time"] for point in asked} == {"2026-11-25T14:54:50.505000000Z"}


def test_each_metric_is_introduced_before_its_first_point() -> None:
    lines = told(ok(1.0), dropped(2.0), ok(3.0))
    kinds = [(line["type"], line["metric"]) for line in lines]
    assert len(lines) == 13 + 13 - 1 + 1 + 12
    for name in [*REQUEST, "dropped_iterations"]:
        assert kinds.count(("Metric", name)) == 1
        assert kinds.index(("Metric", name)) + 1 == kinds.index(("Point", name))
    duration = next(line for line in lines if line["metric"] == "http_req_duration")
    only = {"name": "http_req_duration{expected_response:true}", "suffix": "expected_response:true"}
    assert duration["data"] == {
        "name": "http_req_duration",
        "type": "trend",
        "contains": "time",
        "thresholds": [],
        "submetrics": [{**only, "tags": {"expected_response": "true"}}],
    }


@pytest.mark.parametrize(
    ("row", "tags"),
    [
        (ok(1.0), {"status": "200", "expected_response": "true", "proto": "HTTP/1.1"}),
        (ok(1.0, status=400), {"status": "400", "expected_response": "true", "error_code": "1400", "proto": "HTTP/1.1"}),
        (failed(1.0), {"status": "500", "expected_response": "false", "error_code": "1500", "proto": "HTTP/1.1"}),
        (
            row(1.0, 0.005, Outcome.SHED, FRESH, status=503),
            {"status": "503", "expected_response": "false", "error_code": "1503", "proto": "HTTP/1.1"},
        ),
        (refused(1.0), {"error_code": "1212", "error": "dial: connection refused"}),
        (unconnected(1.0), {"error_code": "1211", "error": "dial: i/o timeout"}),
        (hang(1.0), {"error_code": "1050", "error": "request timeout"}),
        (reset(1.0), {"error_code": "1220", "error": "read: connection reset by peer"}),
        (row(1.0, 0.005, Outcome.CLOSED, FRESH), {"error_code": "1000", "error": "EOF"}),
        (row(1.0, 0.005, Outcome.BAD_BODY, FRESH, status=200), {"error_code": "1000", "error": "unexpected EOF"}),
    ],
)
def test_the_tags_say_what_became_of_a_request(row: Row, tags: dict[str, str]) -> None:
    first = points(row)[0]
    failure = {"status": "0", "expected_response": "false"} if "error" in tags else {}
    assert first["data"]["tags"] == {**ANSWER, **failure, **tags}
    fine = tags.get("expected_response") == "true"
    assert (values(row)["failed"], values(row)["checks"]) == ((0, 1) if fine else (1, 0))


def test_checks_and_iterations_know_only_their_scenario() -> None:
    by_metric = {point["metric"]: point["data"]["tags"] for point in points(ok(1.0))}
    assert by_metric["checks"] == {**GROUP, "check": "status"}
    assert by_metric["iterations"] == by_metric["iteration_duration"] == GROUP


@pytest.mark.parametrize(
    ("row", "ms"),
    [
        (
            ok(1.0, start_us=10, connected_us=110, sent_us=150, first_byte_us=1150, took=0.0012),
            {"blocked": 0.1, "connecting": 0.1, "sending": 0.04, "waiting": 1.0, "receiving": 0.05, "duration": 1.09},
        ),
        (
            ok(1.0, via=KEPT, start_us=10, connected_us=10, sent_us=50, first_byte_us=1150, took=0.0012),
            {"blocked": 0, "connecting": 0, "sending": 0.04, "waiting": 1.1, "receiving": 0.05, "duration": 1.19},
        ),
        (reset(1.0, took=0.001), {"blocked": 0.1, "sending": 0.05, "waiting": 0.85, "receiving": 0, "duration": 0.9}),
        (refused(1.0), {"blocked": 0, "connecting": 0, "sending": 0, "waiting": 0, "receiving": 0, "duration": 0}),
    ],
)
def test_phases_that_were_never_entered_are_nothing(row: Row, ms: dict[str, float]) -> None:
    told = values(row)
    assert {name: told[name] for name in ms} == pytest.approx(ms)
    assert told["tls_handshaking"] == 0
    assert told["iteration_duration"] == pytest.approx((row.end_us - row.start_us) / 1000)


def test_dropped_iterations_are_points_of_their_own_and_cut_requests_are_none() -> None:
    [only] = points(dropped(1.0), cut(1.5))
    assert only["metric"] == "dropped_iterations"
    assert only["data"] == {"time": "2026-11-25T14:54:50.000000000Z", "value": 1, "tags": {"scenario": "peak"}}


def test_a_metric_is_introduced_with_its_thresholds_and_those_with_tags_by_a_submetric() -> None:
    written = {
        "http_req_failed": ["rate<0.01", "rate<=0.5"],
        "http_req_failed[5s]": ["rate<0.5"],
        "http_req_duration{scenario:peak}": ["p(95)<5"],
        "http_reqs{name:order,scenario:peak}": ["count>0"],
    }
    names = {"scenario_names": ["peak"], "request_names": ["order"], "methods": ["POST"], "urls": ["/"]}
    lines = map(json.loads, k6_json.lines(Rows.of([ok(1.0)]), **names, epoch_ns=0, thresholds=parse_all(written)))
    found = {line["metric"]: line["data"] for line in lines if line["type"] == "Metric"}
    assert (found["http_req_failed"]["thresholds"], found["http_req_failed"]["submetrics"]) == (["rate<0.01", "rate<=0.5"], None)
    assert [each["suffix"] for each in found["http_req_duration"]["submetrics"]] == ["scenario:peak", "expected_response:true"]
    assert found["http_reqs"]["thresholds"] == found["checks"]["thresholds"] == []
    assert found["http_reqs"]["submetrics"] == [
        {
            "name": "http_reqs{name:order,scenario:peak}",
            "suffix": "name:order,scenario:peak",
            "tags": {"name": "order", "scenario": "peak"},
        }
    ]


def test_requests_stand_in_the_order_in_which_they_ended() -> None:
    slow_first = points(hang(1.0, took=1.0), ok(1.2))
    assert [point["data"]["tags"]["status"] for point in slow_first if point["metric"] == "http_reqs"] == ["200", "0"]


def test_every_tag_is_a_string_in_the_order_of_the_alphabet() -> None:
    for point in points(ok(1.0, status=400), reset(2.0), dropped(3.0)):
        tags = point["data"]["tags"]
        assert list(tags) == sorted(tags)
        assert all(isinstance(value, str) for value in tags.values())


def test_where_a_script_did_the_checks_no_point_is_made_up() -> None:
    names = {"scenario_names": ["plain", "scripted"], "request_names": ["order"], "methods": ["POST"], "urls": ["/"]}
    rows = Rows.of([ok(1.0, scenario=1), ok(2.0, scenario=0), failed(3.0, scenario=1)])
    lines = [json.loads(line) for line in k6_json.lines(rows, **names, epoch_ns=0, scripted={1})]
    said = [(line["metric"], line["data"]["tags"]["scenario"]) for line in lines if line["type"] == "Point"]
    unchecked = [metric for metric in REQUEST if metric != "checks"]
    assert said == [
        (metric, name) for name, of in [("scripted", unchecked), ("plain", REQUEST), ("scripted", unchecked)] for metric in of
    ]
    assert [line["data"]["value"] for line in lines if line["metric"] == "http_req_failed" and line["type"] == "Point"] == [
        0,
        0,
        1,
    ]


def test_of_no_rows_there_are_no_lines() -> None:
    assert told() == []
