"""The end of a run in k6's two shapes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from histories import KEPT, REOPENED, cut, dropped, failed, ok, refused

from lab.drill.thresholds import parse
from lab.history.model.rows import DTYPES, Outcome, Row, Rows
from lab.judge.thresholds import evaluate
from lab.report import k6_json
from lab.report.k6_summary import Run, legacy, machine_readable, of_stage

TREND = ["avg", "min", "med", "max", "p(90)", "p(95)"]
ROWS = [ok(i / 10, took=0.002 + i / 1000, via=KEPT, connected_us=0, sent_us=0) for i in range(11)]


@dataclass(frozen=True)
class Threshold:
    selector: str
    expression: str
    kept: bool | None


def run(rows: list[Row], *thresholds: Threshold) -> Run:
    return Run(Rows.of(rows), ["peak", "calm"], ["order", "coupon"], 2.0, thresholds)


def metrics(rows: list[Row], *thresholds: Threshold) -> dict[str, Any]:
    found: dict[str, Any] = legacy(run(rows, *thresholds))["metrics"]
    return found


def test_a_counter_has_count_and_rate() -> None:
    found = metrics([*ROWS, dropped(2.0), cut(2.0)])
    assert found["http_reqs"] == found["iterations"] == {"count": 11, "rate": 5.5}
    assert found["dropped_iterations"] == {"count": 1, "rate": 0.5}


def test_a_rate_is_called_value_and_failed_counts_as_passes() -> None:
    found = metrics([ok(1.0), ok(2.0), ok(2.5), failed(3.0)])
    assert found["http_req_failed"] == {"passes": 1, "fails": 3, "value": 0.25}
    assert found["checks"] == {"passes": 3, "fails": 1, "value": 0.75}


def test_percentiles_of_a_trend_interpolate_as_k6_does() -> None:
    duration = metrics(ROWS)["http_req_duration"]
    assert list(duration) == TREND
    assert duration == pytest.approx({"avg": 7, "min": 2, "med": 7, "max": 12, "p(90)": 11, "p(95)": 11.5})


def test_expected_responses_have_a_trend_of_their_own_if_there_are_any() -> None:
    name = "http_req_duration{expected_response:true}"
    assert metrics([ok(1.0, took=0.005), failed(2.0, took=0.5)])[name]["max"] < 6
    assert name not in metrics([failed(2.0)])


@pytest.mark.parametrize(("kept", "written"), [(True, False), (False, True), (None, True)])
def test_only_a_threshold_that_was_kept_is_false(kept: bool | None, written: bool) -> None:
    found = metrics(ROWS, Threshold("http_req_duration", "p(95)<500", kept), Threshold("http_req_duration", "max<1", not kept))
    assert found["http_req_duration"]["thresholds"]["p(95)<500"] is written
    assert list(found["http_req_duration"]) == [*TREND, "thresholds"]


@pytest.mark.parametrize(
    ("selector", "of_peak"),
    [
        ("http_req_duration", "http_req_duration{scenario:peak}"),
        ("http_req_duration{}", "http_req_duration{scenario:peak}"),
        ("error_rate[5s]", "error_rate[5s]{scenario:peak}"),
        ("checks{check:has stock}", "checks{check:has stock,scenario:peak}"),
        ("http_reqs{name:order, scenario:peak}", "http_reqs{name:order, scenario:peak}"),
    ],
)
def test_a_stages_selector_names_its_scenario_once(selector: str, of_peak: str) -> None:
    assert of_stage(selector, "peak") == of_peak


@pytest.mark.parametrize("kept", [[True, False], [False, True]])
def test_of_two_thresholds_with_the_same_words_the_miss_is_not_lost(kept: list[bool]) -> None:
    found = metrics(ROWS, *(Threshold("http_req_duration", "p(95)<100", each) for each in kept))
    assert found["http_req_duration"]["thresholds"] == {"p(95)<100": True}


@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ("http_reqs{scenario:calm}", 1),
        ("http_reqs{name:coupon}", 2),
        ("http_reqs{name:coupon,status:500}", 1),
        ("http_reqs{expected_response:false}", 2),
        ("http_reqs{outcome:connect_refused}", 1),
        ("http_reqs[5s]{ scenario:calm }", 1),
        ("http_reqs{scenario:nobody}", 0),
        ("reopened", 1),
        ("dropped_iterations", 0),
    ],
)
def test_a_selector_with_tags_is_a_metric_because_a_threshold_names_it(selector: str, count: int) -> None:
    rows = [ok(1.0, scenario=1), ok(2.0, request=1), failed(3.0, request=1), refused(4.0), ok(5.0, via=REOPENED)]
    assert metrics(rows, Threshold(selector, "count>0", True))[selector]["count"] == count
    assert selector not in metrics(rows)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each not in (Outcome.CUT, Outcome.DROPPED)])
@pytest.mark.parametrize("status", [0, 200, 404])
def test_judge_summary_and_lines_say_the_same_of_an_expected_response(outcome: Outcome, status: int) -> None:
    """Whatever the target's request expects: a script may have said otherwise, and its word is in the outcome."""
    rows, names = [replace(ok(1.0, status=status), outcome=outcome)], {"scenario_names": ["peak"], "request_names": ["order"]}
    selector = "http_reqs{expected_response:true}"
    (judged,) = evaluate(parse(selector, ["count>0"]), Rows.of(rows), **names, duration_s=1.0)
    lines = k6_json.lines(Rows.of(rows), **names, methods=["POST"], urls=[""], epoch_ns=0)
    told = [json.loads(line)["data"]["tags"]["expected_response"] for line in lines if b'"http_reqs","type":"Point"' in line]
    assert metrics(rows, Threshold(selector, "count>0", True))[selector]["count"] == judged.value == (outcome == Outcome.OK)
    assert told == ["true" if judged.value else "false"]


def test_other_metrics_of_ours_are_there_only_when_a_threshold_names_them() -> None:
    found = metrics([ok(1.0, took=0.008), failed(2.0, took=0.002)], Threshold("http_req_due", "max<9", True))
    assert found["http_req_due"]["max"] == 8
    assert "error_rate" not in found


def test_a_trend_without_samples_is_zeros_when_a_threshold_names_it_and_not_kept() -> None:
    assert metrics([], Threshold("http_req_waiting", "max<9", None)) == {
        "http_req_waiting": {**dict.fromkeys(TREND, 0), "thresholds": {"max<9": True}}
    }


@pytest.mark.parametrize("selector", ["nonsense", "http_reqs{colour:red}", "http_reqs{"])
def test_what_is_no_selector_is_an_error(selector: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        metrics(ROWS, Threshold(selector, "count>0", True))


def test_the_root_group_holds_the_one_check() -> None:
    group = legacy(run([ok(1.0), failed(2.0)]))["root_group"]
    assert group["id"] == "d41d8cd98f00b204e9800998ecf8427e"
    assert group["checks"]["status"].items() >= {"name": "status", "path": "::status", "passes": 1, "fails": 1}.items()
    assert legacy(run([]))["root_group"]["checks"] == {}


def test_where_a_script_asked_its_checks_stand_in_place_of_the_statuses() -> None:
    """``peak`` is the script's, ``calm`` is not."""
    rows = [ok(1.0), failed(1.5), ok(2.0, scenario=1), ok(2.5, scenario=1), failed(3.0, scenario=1)]
    selectors = ["checks{check:has stock}", "checks{check:status}", "checks{scenario:peak}", "checks{scenario:calm,check:status}"]
    thresholds = [Threshold(each, "rate>0", True) for each in selectors]
    whole = replace(run(rows, *thresholds), scripts={0: {"has stock": (7, 1), "is an order": (2, 0)}})
    found = legacy(whole)
    assert {name: (each["passes"], each["fails"]) for name, each in found["root_group"]["checks"].items()} == {
        "status": (2, 1),
        "has stock": (7, 1),
        "is an order": (2, 0),
    }
    counts = [(found["metrics"][each]["passes"], found["metrics"][each]["fails"]) for each in ["checks", *selectors]]
    assert counts == [(11, 2), (7, 1), (2, 1), (9, 1), (2, 1)]
    new = machine_readable(whole, script="x", generated_at="", version="")["results"]["checks"]
    assert [each["values"].get("matches", each["values"].get("count")) for each in new["metrics"]] == [13, 2, 11]
    assert [each["name"] for each in new["results"]] == ["status", "has stock", "is an order"]


def test_a_script_that_checked_nothing_has_no_checks() -> None:
    found = legacy(replace(run([ok(1.0)]), scripts={0: {}}))
    assert (found["root_group"]["checks"], "checks" in found["metrics"]) == ({}, False)


def test_the_machine_readable_summary_has_schema_1_0_0() -> None:
    at = "2026-11-25T14:54:49Z"
    found = machine_readable(run([ok(1.0), failed(2.0)]), script="drill.yaml", generated_at=at, version="0.1.0")
    assert found["version"] == "1.0.0"
    assert found["metadata"] == {"generatedAt": at, "k6Version": "0.1.0"}
    assert found["config"] == {"script": "drill.yaml", "duration": 2.0, "execution": "local"}
    half = {"matches": 1, "total": 2, "rate": 0.5}
    assert found["results"]["checks"] == {
        "metrics": [
            {"name": "checks_total", "type": "counter", "contains": "default", "values": {"count": 2}},
            {"name": "checks_failed", "type": "rate", "contains": "default", "values": half},
            {
                "name": "checks_succeeded",
                "type": "rate",
                "contains": "default",
                "values": {"matches": 1, "total": 2, "rate": 0.5},
            },
        ],
        "results": [{"name": "status", "passes": 1, "fails": 1}],
    }
    by_name = {each["name"]: each for each in found["results"]["metrics"]}
    assert by_name["http_reqs"] == {"name": "http_reqs", "type": "counter", "contains": "default", "values": {"count": 2}}
    assert by_name["http_req_failed"]["values"] == half
    assert list(by_name["http_req_duration"]["values"]) == TREND
    assert "checks" not in by_name
    assert json.loads(json.dumps(found)) == found


def test_nothing_was_asked_and_nothing_is_there() -> None:
    assert metrics([]) == {}
    found = machine_readable(run([]), script="x", generated_at="", version="")
    assert found["results"] == {"checks": {}, "metrics": []}


@pytest.mark.slow
def test_a_million_rows_take_less_than_a_second() -> None:
    """Ten million take 1.4 s [M]; the bound is loose because others may be at work here."""
    n = 1_000_000
    columns = {name: np.zeros(n, dtype) for name, dtype in DTYPES.items()}
    columns["end_us"] = np.random.default_rng(7).integers(1000, 100_000, n).astype(np.uint32)
    began = time.process_time()
    legacy(Run(Rows(**columns), ["peak"], ["order"], 60.0))
    assert time.process_time() - began < 1
