"""Thresholds as they are written: k6's syntax is read exactly, and every mistake is told at once, with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab.drill.threshold_problems import problems
from lab.drill.threshold_words import AGGREGATIONS, METRICS, OPERATORS, OUTCOMES
from lab.drill.thresholds import Threshold, parse, parse_all
from lab.history.model.rows import Outcome

DURATION = "http_req_duration"
P95 = Threshold(metric=DURATION, aggregation="p", percentile=95.0, operator="<", value=500.0)

WRITTEN = """
http_req_duration{scenario:peak-coupon}: [p(95)<500, p(99.9)<1500]
http_req_failed: [rate<0.01]
http_reqs: ["count>1000", "rate>100"]
http_req_duration{expected_response:true}: [{threshold: "p(95)<500", abort: true, delay_abort: 10s}]
error_rate[5s]: ["< 0.01"]
dropped_iterations: [count<1]
checks{check:status}: [rate>0.99]
"""

READ = [
    # selector, expression, what it is
    (DURATION, "p(95)<500", P95),
    (DURATION, "  p(95)  <  500  ", P95),
    (DURATION, "p(99.9)<=1500.5", replace(P95, percentile=99.9, operator="<=", value=1500.5)),
    (DURATION, "avg<500", replace(P95, aggregation="avg", percentile=None)),
    (DURATION, "min<500", replace(P95, aggregation="min", percentile=None)),
    (DURATION, "max<500", replace(P95, aggregation="max", percentile=None)),
    (DURATION, "med<500", replace(P95, aggregation="med", percentile=None)),
    (DURATION, "p(0)<500", replace(P95, percentile=0.0)),
    (DURATION, "p(100)<500", replace(P95, percentile=100.0)),
    (DURATION + "{scenario:x}", "p(95)<500", replace(P95, tags=(("scenario", "x"),))),
    (DURATION + "{ scenario : x , name:'a:b' }", "p(95)<500", replace(P95, tags=(("scenario", "x"), ("name", "a:b")))),
    (DURATION + "[5s]", "p(95)<500", replace(P95, window_s=5.0)),
    (DURATION + "[4s..]", "p(95)<500", replace(P95, from_s=4.0)),
    (DURATION + "[500ms..]{status:200}", "p(95)<500", replace(P95, from_s=0.5, tags=(("status", "200"),))),
    (DURATION + "[1.5s]{status:200}", "p(95)<500", replace(P95, window_s=1.5, tags=(("status", "200"),))),
    (DURATION + "{outcome:connect_refused}", "p(95)<500", replace(P95, tags=(("outcome", "connect_refused"),))),
    ("error_rate[5s]", "< 0.01", Threshold(metric="error_rate", window_s=5.0, aggregation="rate", operator="<", value=0.01)),
    ("http_req_failed", "rate<=1", Threshold(metric="http_req_failed", aggregation="rate", operator="<=", value=1.0)),
    ("http_reqs", "rate>100", Threshold(metric="http_reqs", aggregation="rate", operator=">", value=100.0)),
    ("http_reqs", "count===1000", Threshold(metric="http_reqs", aggregation="count", operator="===", value=1000.0)),
    ("http_reqs", "count==7", Threshold(metric="http_reqs", aggregation="count", operator="==", value=7.0)),
    ("reopened", "count!=7", Threshold(metric="reopened", aggregation="count", operator="!=", value=7.0)),
    (DURATION, {"threshold": "p(95)<500"}, P95),
    (DURATION, {"threshold": "p(95)<500", "abort": True}, replace(P95, abort=True)),
    (DURATION, {"threshold": "p(95)<500", "abort": False, "delay_abort": "10s"}, replace(P95, delay_abort_s=10.0)),
    (
        DURATION,
        {"threshold": "p(95)<500", "abortOnFail": True, "delayAbortEval": "2m"},
        replace(P95, abort=True, delay_abort_s=120.0),
    ),
]


@pytest.mark.parametrize(("selector", "written", "expected"), READ, ids=[f"{case[0]} {case[1]}" for case in READ])
def test_what_is_written_is_read_exactly(selector: str, written: object, expected: Threshold) -> None:
    assert parse(selector, [written]) == [expected]


def test_a_mapping_of_a_drill_file_is_read_in_its_order() -> None:
    assert [each.text for each in parse_all(yaml.safe_load(WRITTEN))] == [
        "http_req_duration{scenario:peak-coupon} p(95)<500",
        "http_req_duration{scenario:peak-coupon} p(99.9)<1500",
        "http_req_failed rate<0.01",
        "http_reqs count>1000",
        "http_reqs rate>100",
        "http_req_duration{expected_response:true} p(95)<500",
        "error_rate[5s] rate<0.01",
        "dropped_iterations count<1",
        "checks{check:status} rate>0.99",
    ]


def test_a_mapping_survives_json() -> None:
    mapping = yaml.safe_load(WRITTEN)
    assert parse_all(json.loads(json.dumps(mapping))) == parse_all(mapping)


SELECTORS = [
    (
        "http_req_duratoin",
        "unknown metric 'http_req_duratoin' (did you mean 'http_req_duration'?): expected one of checks, dropped_",
    ),
    ("", "unknown metric '': expected one of checks"),
    ("http_reqs{", "'http_reqs{' is no selector: expected METRIC, METRIC[5s], METRIC[4s..] or METRIC{tag:value,tag:value}"),
    ("http_reqs{status:200}[5s]", "'http_reqs{status:200}[5s]' is no selector: expected METRIC"),
    ("http_reqs[5]", "window '5' is not a duration: expected a number and its unit"),
    ("http_reqs[]", "window '' is not a duration: expected a number and its unit"),
    ("http_reqs[0s]", "a window of 0s: expected at least 1s"),
    ("http_reqs[999ms]", "a window of 999ms: expected at least 1s"),
    ("http_reqs[4..]", "begin '4' is not a duration: expected a number and its unit"),
    ("http_reqs[..4s]", "window '..4s' is not a duration: expected a number and its unit"),
    (
        "http_reqs{scenarios:x}",
        "unknown tag 'scenarios' of http_reqs (did you mean 'scenario'?): expected one of expected_response",
    ),
    ("http_reqs{check:status}", "unknown tag 'check' of http_reqs: expected one of expected_response, name, outcome"),
    ("dropped_iterations{name:order}", "unknown tag 'name' of dropped_iterations: expected one of scenario"),
    ("http_reqs{}", "unknown tag '' of http_reqs: expected one of"),
    ("http_reqs{scenario}", "tag 'scenario' without a value: expected scenario:VALUE"),
    ("http_reqs{name:}", "tag 'name' without a value: expected name:VALUE"),
    ("http_reqs{status:ok}", "status 'ok': expected a status such as 200, or 0 for no answer"),
    ("http_reqs{status:0200}", "status '0200': expected a status such as 200"),
    ("http_reqs{expected_response:yes}", "unknown expected_response 'yes': expected one of false, true"),
    ("http_reqs{outcome:time_out}", "unknown outcome 'time_out' (did you mean 'timeout'?): expected one of bad_body"),
    ("http_reqs{outcome:cut}", "unknown outcome 'cut'"),
    ("http_reqs{outcome:dropped}", "unknown outcome 'dropped'"),
    ("checks{check:}", "tag 'check' without a value: expected check:VALUE"),
    ("http_reqs{name:a,name:b}", "tag 'name' 2 times: expected each tag once"),
]


@pytest.mark.parametrize(("selector", "message"), SELECTORS, ids=[case[0] for case in SELECTORS])
def test_a_wrong_selector_is_refused(selector: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(selector, ["rate<1"])
    assert str(caught.value).startswith(message)


EXPRESSIONS = [
    (DURATION, "p95<500", "aggregation 'p95' of a trend (did you mean 'p(95)'?): expected one of avg, max, med, min, p(N)"),
    (DURATION, "mean<500", "aggregation 'mean' of a trend (did you mean 'avg'?): expected one of avg"),
    (DURATION, "median<500", "aggregation 'median' of a trend (did you mean 'med'?): expected one of avg"),
    (DURATION, "p(N)<500", "aggregation 'p(N)' of a trend: expected one of avg"),
    (DURATION, "p(101)<500", "percentile p(101): expected p(0) to p(100)"),
    (DURATION, "rate<500", "aggregation 'rate' of a trend: expected one of avg"),
    (DURATION, "<500", "no aggregation of a trend: expected one of avg"),
    ("http_reqs", "p(95)<500", "aggregation 'p(95)' of a counter: expected one of count, rate"),
    ("http_reqs", "<500", "no aggregation of a counter: expected one of count, rate"),
    ("checks", "avg<1", "aggregation 'avg' of a rate: expected one of rate"),
    ("checks", "count<1", "aggregation 'count' of a rate: expected one of rate"),
    (DURATION, "p(95)", "'p(95)' compares nothing: expected AGGREGATION OPERATOR NUMBER, the operator one of !="),
    (DURATION, "", "'' compares nothing: expected AGGREGATION"),
    (DURATION, "p(95)=<500", "unknown operator '=<' in 'p(95)=<500': expected one of !=, <, <=, ==, ===, >, >="),
    (DURATION, "p(95)=500", "unknown operator '=' in 'p(95)=500': expected one of"),
    (DURATION, "p(95)<", "'' is not a number: expected one without a unit (milliseconds), such as 500"),
    (DURATION, "p(95)<500ms", "'500ms' is not a number: expected one without a unit (milliseconds), such as 500"),
    (DURATION, "p(95)<" + "9" * 400, "'999"),
    (DURATION, "p(95)<nan", "'nan' is not a number"),
    ("http_reqs", "count>-1", "'-1' is not a number: expected one without a unit, such as 500"),
    ("http_req_failed", "rate<1%", "'1%' is not a rate: expected a share from 0 to 1, such as 0.01 for 1%"),
    ("http_req_failed", "rate<5", "'5' is not a rate: expected a share from 0 to 1"),
    (DURATION, 500, "500 is no threshold: expected an expression such as p(95)<500, or {threshold: …, abort: true}"),
    (DURATION, {"abort": True}, "threshold is missing: expected {threshold: an expression, abort: true or false}"),
    (DURATION, {"threshold": 5}, "5 is no expression: expected one such as p(95)<500"),
    (DURATION, {"threshold": "p(95)"}, "'p(95)' compares nothing"),
    (DURATION, {"threshold": "med<1", "abort": "yes"}, "abort is 'yes': expected true or false"),
    (DURATION, {"threshold": "med<1", "abortOnFail": 1}, "abort is 1: expected true or false"),
    (DURATION, {"threshold": "med<1", "delay_abort": 10}, "10 is not a duration: expected a number and its unit"),
    (DURATION, {"threshold": "med<1", "abort_": True}, "unknown key 'abort_' of a threshold (did you mean 'abort'?): "),
    (DURATION, {"threshold": "med<1", "abort": True, "abortOnFail": True}, "abortOnFail beside abort: expected one of them"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("selector", "written", "message"), EXPRESSIONS, ids=[f"{each[0]} {each[1]}"[:60] for each in EXPRESSIONS]
)
def test_a_wrong_expression_is_refused(selector: str, written: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(selector, [written])
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("expressions", "what"),
    [([], "no expression"), (None, "no expression"), ("rate<1", "'rate<1'"), ({"rate": 1}, "{'rate': 1}")],
)
def test_what_is_no_list_of_expressions_is_refused(expressions: object, what: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse("checks", expressions)
    assert str(caught.value) == f"{what} for checks: expected a list of expressions, such as [p(95)<500]"


def test_every_mistake_of_a_mapping_is_told_at_once_with_its_place() -> None:
    mapping = {
        "http_rqs[5]{nam:x,status:ok}": ["count>1", "count=>x", 3],
        "http_reqs": ["count>1"],
        "checks": [{"threshold": "rate>2", "abort": 1, "delay_abort": "10", "abot": True}, "rate>0.9"],
        "iterations": [],
    }
    wrong = "http_rqs[5]{nam:x,status:ok}"
    assert [(each.path, each.what) for each in problems(mapping)] == [
        ((wrong,), "unknown metric 'http_rqs'"),
        ((wrong,), "window '5' is not a duration"),
        ((wrong,), "unknown tag 'nam' of http_rqs"),
        ((wrong,), "status 'ok'"),
        ((wrong, 1), "unknown operator '=>' in 'count=>x'"),
        ((wrong, 1), "'x' is not a number"),
        ((wrong, 2), "3 is no threshold"),
        (("checks", 0, "threshold"), "'2' is not a rate"),
        (("checks", 0, "abort"), "abort is 1"),
        (("checks", 0, "delay_abort"), "'10' is not a duration"),
        (("checks", 0, "abot"), "unknown key 'abot' of a threshold"),
        (("iterations",), "no expression for iterations"),
    ]


def test_a_scenario_and_a_request_that_the_drill_has_not_are_told_when_they_are_known() -> None:
    mapping = {"http_reqs{scenario:peek,name:order}": ["count>1"], "http_reqs{name:odrer}": ["count>1"]}
    assert list(problems(mapping)) == []
    assert [(each.what, each.expected, each.hint) for each in problems(mapping, scenarios=["peak"], requests=["order"])] == [
        ("unknown scenario 'peek'", "one of peak", "did you mean 'peak'?"),
        ("unknown name 'odrer'", "one of order", "did you mean 'order'?"),
    ]


def test_without_a_script_the_one_check_is_the_status() -> None:
    mapping = {
        "checks{check:body}": ["rate>0.9"],
        "checks[5s]{check:status,name:order}": [{"threshold": "rate>0.9", "abort": True}],
    }
    assert [(each.what, each.expected) for each in problems(mapping, scripted=False)] == [
        ("unknown check 'body'", "one of status")
    ]


def test_a_scripts_checks_have_names_of_their_own_and_neither_times_nor_requests() -> None:
    assert list(problems({"checks": ["rate>0.99"], "checks{scenario:a,check:has stock: 5}": ["rate>0.9"]}, scripted=True)) == []
    mapping = {
        "checks[5s]{status:200,check:x}": ["rate>0.9"],
        "checks": ["rate>0.9", {"threshold": "rate>0.5", "abortOnFail": True}, {"threshold": "rate>0.5", "abort": False}],
        "error_rate[5s]{status:200}": [{"threshold": "rate<0.5", "abort": True}],
    }
    assert [(each.path, each.what) for each in problems(mapping, scripted=True)] == [
        (("checks[5s]{status:200,check:x}",), "a window of a script's checks"),
        (("checks[5s]{status:200,check:x}",), "tag 'status' of a script's checks"),
        (("checks", 1, "abortOnFail"), "abortOnFail by a script's checks"),
    ]


def test_outcomes_are_those_of_the_rows_that_count_in_a_metric() -> None:
    assert {name.upper() for name in OUTCOMES} == {each.name for each in Outcome} - {Outcome.CUT.name, Outcome.DROPPED.name}


some = settings(max_examples=50, deadline=None)
names = st.from_regex(r"[a-z][a-z0-9 :/_-]{0,10}[a-z]", fullmatch=True)
numbers = st.floats(min_value=0, max_value=1e12)


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    metric = draw(st.sampled_from(sorted(METRICS)))
    kind = METRICS[metric]
    aggregation = draw(st.sampled_from([each[:1] if each == "p(N)" else each for each in AGGREGATIONS[kind]]))
    tags = {"scenario": names, "name": names, "status": st.sampled_from(["0", "200"]), "outcome": st.sampled_from(OUTCOMES)}
    allowed = ["scenario"] if metric == "dropped_iterations" else sorted(tags)
    return Threshold(
        metric=metric,
        tags=tuple((tag, draw(tags[tag])) for tag in draw(st.lists(st.sampled_from(allowed), unique=True))),
        window_s=draw(st.none() | st.floats(min_value=1, max_value=1e9)),
        aggregation=aggregation,
        percentile=draw(st.floats(min_value=0, max_value=100)) if aggregation == "p" else None,
        operator=draw(st.sampled_from(OPERATORS)),
        value=draw(st.floats(min_value=0, max_value=1) if kind == "rate" else numbers),
    )


@some
@given(thresholds())
def test_a_threshold_written_back_is_read_as_the_same(threshold: Threshold) -> None:
    assert parse(threshold.selector, [threshold.expression]) == [threshold]


texts = st.text(st.sampled_from("pcountrae()[]{}<>=! 0159.:,s")) | st.sampled_from(["checks", "http_reqs[5s]", "rate<1"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["threshold", "abort", "delay_abort", "x"]), inner)
    ),
)


@some
@given(texts, anything)
@example("checks", ["<1"])
def test_whatever_is_written_is_a_threshold_or_a_mistake(selector: str, expressions: Any) -> None:
    wrong = list(problems({selector: expressions}))
    if wrong:
        with pytest.raises(ValueError, match=": expected "):
            parse(selector, expressions)
    else:
        assert len(parse(selector, expressions)) == len(expressions)
