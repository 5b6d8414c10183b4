"""k6's points become rows: lines as k6 1.4.0 wrote them, and the row each group makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from lab.history.model.rows import NEVER, Outcome, Row, Via
from lab.load.checks import MOST_NAMES, OTHERS, CheckCounts
from lab.load.k6_plan import K6Plan
from lab.load.k6_points import OTHER, Points

PLAN = K6Plan(
    script="load.js",
    k6="k6",
    start_ns=0,
    t0_ns=0,
    host="127.0.0.1",
    port=8000,
    scenario=2,
    requests=((3, "order", "/orders"), (4, "coupon", "/coupons/{id}/issue")),
    run="run-1",
    first_key=70,
    rows="rows.arrow",
    headers={"X-Lab-Run": "run-1"},
    env={"USERS": "5"},
)
T0_NS = 1_795_618_489_000_000_000
"""2026-11-25T14:54:49Z"""
END = "2026-11-25T14:54:49.664549205Z"
ENDS_NS = 664_549_205
TRENDS = ("duration", "blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving")
FRESH = {"duration": 2.0, "blocked": 1.5, "connecting": 1.0, "sending": 0.25, "waiting": 1.5, "receiving": 0.25}
KEPT = {"duration": 2.0, "blocked": 0.002, "sending": 0.25, "waiting": 1.5, "receiving": 0.25}
UNANSWERED = {"duration": 2.0, "blocked": 1.5, "connecting": 1.0, "sending": 0.25, "waiting": 1.75}
UNCONNECTED: dict[str, float] = {}
OK = {"expected_response": "true", "group": "", "method": "GET", "name": "order", "proto": "HTTP/1.1", "scenario": "default"}


def point(
    metric: str, value: float, tags: Mapping[str, str], metadata: Mapping[str, str] | None = None, time: str = END
) -> bytes:
    data = {"time": time, "value": value, "tags": tags, **({"metadata": metadata} if metadata else {})}
    return json.dumps({"metric": metric, "type": "Point", "data": data}, separators=(",", ":")).encode()


def request(ms: Mapping[str, float] = FRESH, vu: str = "1", time: str = END, **tags: str) -> list[bytes]:
    """Its nine points; ``tags`` win over those of an expected 200."""
    told = {**OK, "status": "200", "url": tags.get("name", "order"), **tags}
    metadata = {"vu": vu, "iter": "0"}
    return [
        point("http_reqs", 1, told, metadata, time),
        *(point(f"http_req_{name}", ms.get(name, 0), told, metadata, time) for name in TRENDS),
        point("http_req_failed", 0, told, metadata, time),
    ]


def failed(code: int, error: str, ms: Mapping[str, float] = UNCONNECTED) -> list[bytes]:
    return request(ms, status="0", error=error, error_code=str(code), expected_response="false")


def rows(*lines: bytes, plan: K6Plan = PLAN, points: Points | None = None) -> list[Row]:
    return list((points or Points(plan)).rows(lines, T0_NS))


def test_the_points_of_a_request_make_one_row() -> None:
    metric = b'{"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default"},"metric":"http_reqs"}'
    assert rows(metric, *request()) == [
        Row(
            due_ns=ENDS_NS - 3_500_000,
            start_us=0,
            connected_us=1500,
            sent_us=1750,
            first_byte_us=3250,
            end_us=3500,
            status=200,
            outcome=Outcome.OK,
            scenario=2,
            request=3,
            via=Via.FRESH,
            vu=1,
            key=70,
        )
    ]


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (request(), Outcome.OK),
        (request(status="400", error_code="1400"), Outcome.OK),
        (request(status="400", error_code="1400", expected_response="false"), Outcome.BAD_STATUS),
        (request(status="503", error_code="1503", expected_response="false"), Outcome.BAD_STATUS),
        (failed(1212, "dial: connection refused"), Outcome.CONNECT_REFUSED),
        (failed(1211, "dial: i/o timeout"), Outcome.CONNECT_TIMEOUT),
        (failed(1050, "request timeout"), Outcome.CONNECT_TIMEOUT),
        (failed(1050, "request timeout", UNANSWERED), Outcome.TIMEOUT),
        (failed(1220, "read: connection reset by peer", UNANSWERED), Outcome.RESET),
        (failed(1201, "write: broken pipe", UNANSWERED), Outcome.RESET),
        (failed(1000, "EOF", UNANSWERED), Outcome.CLOSED),
        (failed(1000, "unexpected EOF", FRESH), Outcome.CLOSED),
        (failed(1000, "http: server closed idle connection", UNANSWERED), Outcome.CLOSED),
        (failed(1000, 'malformed HTTP response "hello"', FRESH), Outcome.BAD_BODY),
        (failed(1701, "gzip: invalid header", FRESH), Outcome.BAD_BODY),
        (failed(1101, "lookup: no such host"), Outcome.CONNECT_REFUSED),
        (failed(1213, "dial: unknown errno 99 with msg `cannot assign requested address`"), Outcome.DROPPED),
        (failed(1213, "dial: unknown errno 113 with msg `no route to host`"), Outcome.CONNECT_REFUSED),
        (failed(1202, "read: unknown errno `110` on linux with message `connection timed out`", UNANSWERED), Outcome.TIMEOUT),
        (failed(1000, "something that k6 has no word for", UNANSWERED), Outcome.RESET),
    ],
)
def test_status_and_error_code_decide_the_outcome(lines: list[bytes], outcome: Outcome) -> None:
    [row] = rows(*lines)
    assert row.outcome == outcome


@pytest.mark.parametrize(
    ("ms", "stamps"),
    [
        (FRESH, (1500, 1750, 3250, 3500)),
        (UNANSWERED, (1500, 1750, NEVER, 3500)),
        ({"duration": 0, "blocked": 1.5, "connecting": 1.0}, (1500, NEVER, NEVER, 1500)),
        (UNCONNECTED, (NEVER, NEVER, NEVER, 0)),
    ],
)
def test_what_a_request_never_came_to_is_never(ms: Mapping[str, float], stamps: tuple[int, ...]) -> None:
    [row] = rows(*request(ms))
    assert (row.connected_us, row.sent_us, row.first_byte_us, row.end_us) == stamps
    assert row.due_ns + row.end_us * 1000 == ENDS_NS


@pytest.mark.parametrize(
    ("requests", "vias"),
    [
        ([(FRESH, "1"), (KEPT, "1"), (FRESH, "1")], [Via.FRESH, Via.KEPT, Via.FRESH]),
        ([(KEPT, "1"), (KEPT, "2"), (KEPT, "2")], [Via.FRESH, Via.FRESH, Via.KEPT]),
        ([(FRESH, "1"), (UNCONNECTED, "1")], [Via.FRESH, Via.FRESH]),
    ],
)
def test_via_is_fresh_when_a_connection_was_opened_or_never_came(requests: list[Any], vias: list[Via]) -> None:
    assert [row.via for row in rows(*(line for ms, vu in requests for line in request(ms, vu)))] == vias


def test_the_user_may_also_stand_in_a_tag_or_nowhere() -> None:
    metadata = b',"metadata":{"vu":"1","iter":"0"}'
    nowhere = [line.replace(metadata, b"") for line in [*request(), *request(KEPT)]]
    assert [(row.vu, row.via) for row in rows(*nowhere)] == [(0, Via.FRESH), (0, Via.KEPT)]
    in_a_tag = [line.replace(b'"scenario"', b'"vu":"9","scenario"') for line in nowhere]
    assert [(row.vu, row.via) for row in rows(*in_a_tag)] == [(9, Via.FRESH), (9, Via.KEPT)]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("order", 3),
        ("http://127.0.0.1:8000/orders", 3),
        ("http://127.0.0.1:8000/orders?x=1", 3),
        ("http://127.0.0.1:8000/coupons/17/issue", 4),
        ("http://127.0.0.1:8000/coupons/17/issue/now", OTHER),
        ("log in", OTHER),
    ],
)
def test_a_request_is_known_by_its_name_or_by_its_path(name: str, index: int) -> None:
    [row] = rows(*request(name=name))
    assert row.request == index


def test_dropped_iterations_are_rows_one_for_each() -> None:
    first = point("dropped_iterations", 1, {"scenario": "peak"})
    rest = point("dropped_iterations", 17, {"scenario": "peak"})
    dropped = rows(first, rest)
    assert len(dropped) == 18
    assert {(row.due_ns, row.outcome, row.end_us, row.request) for row in dropped} == {(ENDS_NS, Outcome.DROPPED, NEVER, 3)}
    assert [row.key for row in dropped] == list(range(70, 88))


def test_a_key_of_the_script_is_taken_others_are_counted() -> None:
    lines = [*request(lab_key="4711"), *request()]
    assert [row.key for row in rows(*lines)] == [4711, 70]


def test_points_of_other_things_are_passed_over() -> None:
    tags = {"group": "", "scenario": "default"}
    others = [point("checks", 1, tags), point("vus", 3, {}), point("http_req_duration", 3, OK), point("http_req_failed", 0, OK)]
    assert rows(*others) == []


def test_checks_are_counted_by_name_and_no_rows() -> None:
    points, tags = Points(PLAN), {"group": "", "scenario": "default"}
    held = [("has stock", 1), ("has stock", 0), ("has stock", 1), ("status is 200", 1)]
    assert rows(*(point("checks", value, {**tags, "check": name}) for name, value in held), points=points) == []
    assert points.checks.told() == {"has stock": [2, 1], "status is 200": [1, 0]}


def test_a_script_with_a_key_in_the_name_of_a_check_does_not_grow_without_end() -> None:
    counts = CheckCounts()
    for number in range(MOST_NAMES + 5):
        counts.count(f"order {number}", held=number % 2 == 0)
    assert counts.told()[OTHERS] == [3, 2]
    assert len(counts.told()) == MOST_NAMES + 1


def test_a_request_whose_points_come_in_two_pieces_is_one_row() -> None:
    points, lines = Points(PLAN), request()
    assert rows(*lines[:4], points=points) == []
    assert len(rows(*lines[4:], points=points)) == 1


@pytest.mark.parametrize(
    ("time", "ns"),
    [
        ("2026-11-25T14:54:49Z", 0),
        ("2026-11-25T14:54:49.5Z", 500_000_000),
        ("2026-11-25T16:54:50.000000001+02:00", 1_000_000_001),
        ("2026-11-25T09:24:49.25-05:30", 250_000_000),
    ],
)
def test_times_are_rfc_3339_with_any_offset(time: str, ns: int) -> None:
    twice = rows(*request(UNCONNECTED, time=time), *request(UNCONNECTED, time=time))
    assert [row.due_ns for row in twice] == [ns, ns]


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b'{"type":"Point","metric":"http_reqs"}', point("dropped_iterations", 1, {}, time="now")]
)
def test_a_line_that_k6_does_not_write_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a line of k6's JSON output"):
        rows(line)


def test_a_plan_survives_its_line() -> None:
    line = PLAN.to_json()
    assert "\n" not in line
    assert K6Plan.from_json(line) == PLAN


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"requests":[]}'])
def test_what_is_no_plan_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a plan for k6"):
        K6Plan.from_json(line)


def test_the_script_is_told_where_and_for_which_run() -> None:
    assert PLAN.environment == {
        "BASE_URL": "http://127.0.0.1:8000",
        "LAB_RUN": "run-1",
        "LAB_FIRST_KEY": "70",
        "LAB_HEADERS": '{"X-Lab-Run": "run-1"}',
        "USERS": "5",
    }
