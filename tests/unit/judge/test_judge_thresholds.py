"""What a metric came to over literal rows, and whether it kept its threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.drill.threshold_words import METRICS
from lab.drill.thresholds import Threshold, parse
from lab.history.model.rows import NEVER, Outcome, Row, Rows
from lab.judge.thresholds import crossed, evaluate
from lab.judge.verdict import ThresholdFigures
from tests.histories import KEPT, REOPENED, cut, dropped, failed, hang, ok, refused, reset, unconnected, us

SCENARIOS = ("warm", "peak")
REQUESTS = ("coupon", "order")
WARM, PEAK = 0, 1
COUPON, ORDER = 0, 1


def judged(rows: Sequence[Row], selector: str, *expressions: object, duration_s: float = 10.0) -> tuple[ThresholdFigures, ...]:
    return evaluate(
        parse(selector, expressions),
        Rows.of(rows),
        scenario_names=SCENARIOS,
        request_names=REQUESTS,
        duration_s=duration_s,
    )


def figures(rows: Sequence[Row], selector: str, expression: str) -> ThresholdFigures:
    (found,) = judged(rows, selector, expression)
    return found


def value(rows: Sequence[Row], selector: str, expression: str) -> float | None:
    return figures(rows, selector, expression).value


STAMPED = ok(1.0, took=0.1, start_us=2_000, connected_us=5_000, sent_us=6_000, first_byte_us=46_000)
"""Due, started 2 ms later, connected after 3 more, sent after 1, first byte after 40, whole at 100 ms."""
UNSENT = refused(1.0, took=0.03, start_us=2_000)
SILENT = hang(1.0, took=0.5, start_us=2_000, connected_us=5_000, sent_us=6_000)
UNCONNECTED = unconnected(1.0, took=0.25, start_us=2_000)

TRENDS = [
    # what, row, metric, ms
    ("duration is from sent to end, as k6's", STAMPED, "http_req_duration", 94.0),
    ("duration of what was never sent is from its start", UNSENT, "http_req_duration", 28.0),
    ("waiting is from sent to the first byte", STAMPED, "http_req_waiting", 40.0),
    ("waiting without a first byte lasts to the end", SILENT, "http_req_waiting", 494.0),
    ("what was never sent never waited", UNSENT, "http_req_waiting", None),
    ("connecting is from start to connected", STAMPED, "http_req_connecting", 3.0),
    ("connecting without a connection lasts to the end", UNCONNECTED, "http_req_connecting", 248.0),
    ("a kept connection connects in no time", replace(STAMPED, via=KEPT), "http_req_connecting", 0.0),
    ("a kept one without a stamp, too", replace(STAMPED, via=KEPT, connected_us=NEVER), "http_req_connecting", 0.0),
    ("a reopened one connects like a new one", replace(STAMPED, via=REOPENED), "http_req_connecting", 3.0),
    ("blocked is from start to sent", STAMPED, "http_req_blocked", 4.0),
    ("what was never sent was blocked to its end", UNSENT, "http_req_blocked", 28.0),
    ("due counts from the schedule: a late start is not hidden", STAMPED, "http_req_due", 100.0),
    ("an iteration is from start to end", STAMPED, "iteration_duration", 98.0),
    ("stamps of the same microsecond are no time apart", replace(STAMPED, sent_us=100_001), "http_req_duration", 0.0),
    ("what never started took no known time", reset(1.0, start_us=NEVER), "iteration_duration", None),
]  # fmt: skip


@pytest.mark.parametrize(("row", "metric", "ms"), [case[1:] for case in TRENDS], ids=[case[0] for case in TRENDS])
def test_trends(row: Row, metric: str, ms: float | None) -> None:
    assert value([row], metric, "avg<1") == ms


MIX = [
    ok(1.0, scenario=WARM, request=COUPON),
    ok(2.0, scenario=PEAK, request=COUPON, status=400),
    ok(3.0, scenario=PEAK, request=ORDER, via=KEPT),
    ok(3.5, scenario=PEAK, request=ORDER, via=REOPENED),
    failed(4.0, scenario=PEAK, request=ORDER),
    reset(5.0, scenario=PEAK, request=ORDER),
    replace(ok(5.5, scenario=PEAK, request=ORDER), outcome=Outcome.BAD_BODY),
    dropped(6.0, scenario=WARM),
    dropped(7.0, scenario=PEAK),
    dropped(8.0, scenario=PEAK),
    cut(9.0, scenario=PEAK, request=ORDER),
    cut(9.1, scenario=PEAK, request=ORDER, via=REOPENED),
]
COUNTS = [
    # what, selector, count or share
    ("requests are all but cut and dropped", "http_reqs", 7),
    ("iterations are the same", "iterations", 7),
    ("dropped iterations are the dropped", "dropped_iterations", 3),
    ("dropped iterations of a scenario", "dropped_iterations{scenario:peak}", 2),
    ("reopened connections, of requests that ended", "reopened", 1),
    ("of a scenario", "http_reqs{scenario:peak}", 6),
    ("of a request", "http_reqs{name:coupon}", 2),
    ("of a scenario and a request", "http_reqs{scenario:peak,name:coupon}", 1),
    ("of a scenario that is none", "http_reqs{scenario:pekk}", 0),
    ("of a request that is none", "http_reqs{name:pekk}", 0),
    ("of a status", "http_reqs{status:400}", 1),
    ("without an answer the status is 0", "http_reqs{status:0}", 1),
    ("of an outcome", "http_reqs{outcome:reset}", 1),
    ("a whole answer with a status that was expected", "http_reqs{expected_response:true}", 4),
    ("another status, none, and a body that broke off", "http_reqs{expected_response:false}", 3),
    ("failed is what is not ok", "http_req_failed", 3 / 7),
    ("the error rate is the same", "error_rate", 3 / 7),
    ("checks are those that were ok", "checks", 4 / 7),
    ("the one check is called status", "checks{check:status}", 4 / 7),
    ("failed of a scenario", "http_req_failed{scenario:warm}", 0),
    ("failed and expected exclude each other, as in k6", "http_req_failed{expected_response:true}", 0),
]  # fmt: skip


@pytest.mark.parametrize(("selector", "expected"), [case[1:] for case in COUNTS], ids=[case[0] for case in COUNTS])
def test_what_counts_in_which_metric(selector: str, expected: float) -> None:
    counter = METRICS[selector.partition("{")[0]] == "counter"
    assert value(MIX, selector, "count<1" if counter else "rate<1") == expected


def test_what_400_means_depends_on_the_request() -> None:
    rows = [ok(1.0, status=400, request=COUPON), failed(1.0, status=400, request=ORDER)]
    assert value(rows, "http_reqs{expected_response:true}", "count<1") == 1
    assert value(rows[1:], "http_reqs{expected_response:true}", "count<1") == 0


TEN = [ok(1.0 + i / 100, took=(i + 1) / 100, start_us=0, sent_us=0) for i in range(10)]
"""10, 20, … 100 ms."""
AGGREGATED = [
    ("avg", 55.0),
    ("min", 10.0),
    ("max", 100.0),
    ("med", 55.0),
    ("p(0)", 10.0),
    ("p(50)", 55.0),
    ("p(90)", 91.0),
    ("p(95)", 95.5),
    ("p(99.9)", 99.91),
    ("p(100)", 100.0),
]


@pytest.mark.parametrize(("aggregation", "ms"), AGGREGATED)
def test_aggregations_of_a_trend(aggregation: str, ms: float) -> None:
    assert value(TEN, "http_req_duration", f"{aggregation}<1") == pytest.approx(ms, abs=1e-9)


def test_the_rate_of_a_counter_is_per_second_of_the_run() -> None:
    assert value(TEN, "http_reqs", "rate>1") == 1.0
    (at_once,) = judged(TEN, "http_reqs", "rate>1", duration_s=0.0)
    assert at_once.value == 0.0


OPERATORS = [
    ("<", False, True, False),
    ("<=", False, True, True),
    (">", True, False, False),
    (">=", True, False, True),
    ("==", False, False, True),
    ("===", False, False, True),
    ("!=", True, True, False),
]


@pytest.mark.parametrize(("operator", "below", "above", "equal"), OPERATORS)
def test_operators(operator: str, below: bool, above: bool, equal: bool) -> None:
    """Ten requests, held against 9, 11 and 10."""
    found = judged(TEN, "http_reqs", *(f"count{operator}{limit}" for limit in (9, 11, 10)))
    assert [each.kept for each in found] == [below, above, equal]


def test_a_limit_is_met_to_the_microsecond() -> None:
    rows = [ok(1.0, took=0.2503, sent_us=0)]
    assert [each.kept for each in judged(rows, "http_req_duration", "max<=250.3", "max<250.3", "max>250.299")] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("selector", sorted(name for name, kind in METRICS.items() if kind != "counter"))
def test_a_metric_without_rows_is_neither_kept_nor_broken(selector: str) -> None:
    expression = "max<1" if METRICS[selector] == "trend" else "rate<1"
    for rows in ([], [cut(1.0), dropped(2.0)]):
        found = figures(rows, selector, expression)
        assert (found.value, found.kept, found.at_s) == (None, None, None)


@pytest.mark.parametrize("aggregation", ["count", "rate"])
@pytest.mark.parametrize("selector", sorted(name for name, kind in METRICS.items() if kind == "counter"))
def test_a_counter_without_rows_is_0_and_judged(selector: str, aggregation: str) -> None:
    found = judged([], selector, f"{aggregation}<1", f"{aggregation}>1")
    assert [(each.value, each.kept) for each in found] == [(0.0, True), (0.0, False)]


def test_figures_come_in_the_order_of_the_thresholds_with_their_texts() -> None:
    asked = [*parse("http_reqs", ["count>1"]), *parse("checks", ["rate > 0.90"]), *parse("http_reqs", ["rate>1"])]
    found = evaluate(
        asked, Rows.of(TEN), scenario_names=SCENARIOS, request_names=REQUESTS, duration_s=2.0
    )  # fmt: skip
    assert [(each.selector, each.expression, each.value) for each in found] == [
        ("http_reqs", "count>1", 10.0),
        ("checks", "rate>0.9", 1.0),
        ("http_reqs", "rate>1", 5.0),
    ]


# Windows ------------------------------------------------------------------------------------------------------------


def per_second(*made: Sequence[partial[Row]]) -> list[Row]:
    """Ten seconds from 1 s on need ten arguments; what is made is spread over its second. One last ok says when it ended."""
    rows = [make(1 + second + i / len(makes)) for second, makes in enumerate(made) for i, make in enumerate(makes)]
    return [*rows, ok(1.0 + len(made))]


OK, BAD, SLOW, GONE = partial(ok), partial(reset), partial(ok, took=0.4, sent_us=0), partial(cut)
GOOD = [OK] * 10
HALF = [OK, BAD] * 5


def test_the_worst_window_counts_and_says_when_it_ended() -> None:
    """Bad in the third and fourth second of ten: over the whole it is 10 %, in the worst two seconds half."""
    rows = per_second(GOOD, GOOD, HALF, HALF, *[GOOD] * 6)
    assert figures(rows, "error_rate", "<0.2").kept is True
    found = figures(rows, "error_rate[2s]", "<0.2")
    assert (found.value, found.kept, found.at_s) == (0.5, False, 5.0)
    assert figures(rows, "error_rate[2s]", "<=0.5").kept is True


WORST = [
    # what, selector, expression, value, end of the window
    ("for < the largest", "http_reqs[1s]", "count<5", 3.0, 3.0),
    ("for <= too", "http_reqs[1s]", "count<=5", 3.0, 3.0),
    ("for > the smallest", "http_reqs[1s]", "count>5", 1.0, 4.0),
    ("for >= too", "http_reqs[1s]", "count>=5", 1.0, 4.0),
    ("for == the farthest from it", "http_reqs[1s]", "count==2", 3.0, 3.0),
    ("for === too", "http_reqs[1s]", "count===3", 1.0, 4.0),
    ("for != the nearest to it", "http_reqs[1s]", "count!=1", 1.0, 4.0),
    ("a counter's rate is per second of the window", "http_reqs[2s]", "rate<5", 2.5, 3.0),
    ("of equals the first", "http_reqs[4s]", "count<5", 8.0, 5.0),
]


@pytest.mark.parametrize(
    ("selector", "expression", "expected", "at_s"), [case[1:] for case in WORST], ids=[case[0] for case in WORST]
)
def test_which_window_is_the_worst(selector: str, expression: str, expected: float, at_s: float) -> None:
    rows = per_second([OK] * 2, [OK] * 3, [OK], [OK] * 2, [OK] * 2)
    found = figures(rows, selector, expression)
    assert (found.value, found.at_s) == (expected, at_s)


@pytest.mark.parametrize(
    ("aggregation", "ms"), [("max", 400.0), ("p(90)", 400.0), ("med", 400.0), ("avg", 400.0), ("min", 400.0)]
)
def test_a_trend_has_windows_too(aggregation: str, ms: float) -> None:
    rows = per_second(*[GOOD] * 5, [SLOW] * 10, *[GOOD] * 4)
    found = figures(rows, "http_req_duration[1s]", f"{aggregation}<100")
    assert (found.value, found.kept, found.at_s) == (ms, False, 7.0)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = per_second(GOOD, GOOD, HALF, HALF, *[GOOD] * 6)
    assert figures(rows[::-1], "error_rate[2s]", "<0.2") == figures(rows, "error_rate[2s]", "<0.2")


def test_windows_go_by_due_time_not_by_the_end() -> None:
    late = [partial(hang, took=3.0)] * 10
    assert figures(per_second(GOOD, late, *[GOOD] * 5), "error_rate[1s]", "<0.2").at_s == 3.0


def test_a_window_may_be_of_parts_of_a_second() -> None:
    """[1, 2.5) has 2 bad of 15, [2, 3.5) 5; in 2 s they would be 5 of 20."""
    rows = per_second(GOOD, HALF, GOOD, GOOD)
    found = figures(rows, "error_rate[1.5s]", "<0.2")
    assert (found.value, found.at_s) == (1 / 3, 3.5)


def test_only_whole_windows_are_judged() -> None:
    """Due from 1 s to 4 s: three seconds hold a window of 3 s, and none of 3.001 s."""
    rows = per_second(GOOD, HALF, GOOD)
    assert figures(rows, "error_rate[3s]", "<0.1").kept is False
    for selector, expression in (("error_rate[3001ms]", "<0.1"), ("http_reqs[3001ms]", "count>1")):
        found = figures(rows, selector, expression)
        assert (found.value, found.kept, found.at_s) == (None, None, None)
    a_little_shorter = [*rows[:-1], replace(rows[-1], due_ns=rows[-1].due_ns - 1)]
    assert figures(a_little_shorter, "error_rate[3s]", "<0.1").kept is None
    assert figures([], "http_reqs[1s]", "count>1").kept is None


def test_a_window_without_rows_has_no_rate_but_a_count() -> None:
    """Nothing was due for two seconds: users who hang send nothing, and that must not look like keeping ``count>1``."""
    rows = per_second(GOOD, [], [], GOOD)
    assert figures(rows, "error_rate[1s]", "<0.1").kept is True
    assert figures(rows, "checks[1s]", ">0.9").kept is True
    found = figures(rows, "http_reqs[1s]", "count>1")
    assert (found.value, found.kept, found.at_s) == (0.0, False, 3.0)


def test_what_happens_for_less_than_a_window_is_seen_in_the_whole_run() -> None:
    """Resets within one second of ten: the span of their windows is the run's, not theirs."""
    rows = per_second(*[GOOD] * 5, HALF, *[GOOD] * 4)
    found = figures(rows, "http_reqs[5s]{outcome:reset}", "count<1")
    assert (found.value, found.kept) == (5.0, False)


def test_windows_of_a_scenario_are_those_while_it_ran() -> None:
    warm, peak = partial(ok, scenario=WARM), partial(ok, scenario=PEAK)
    rows = per_second([warm] * 10, [warm] * 10, [peak] * 10, [peak] * 10, [peak] * 10)[:-1]
    assert value(rows, "http_reqs[1s]{scenario:peak}", "count>5") == 10.0
    assert value(rows, "http_reqs[1s]", "count>5") == 10.0


def test_cut_rows_make_no_windows() -> None:
    rows = [*per_second(GOOD, GOOD), *(cut(3.0 + i) for i in range(1, 4))]
    assert figures(rows, "http_reqs[1s]", "count>5").kept is True


def test_with_a_begin_only_what_is_due_from_then_on_counts() -> None:
    """Half is bad in the first two seconds of four: all of it is, by the second one a third is, by the third nothing."""
    rows = per_second(HALF, HALF, GOOD, GOOD)
    assert figures(rows, "error_rate", "<0.01").kept is False
    assert value(rows, "error_rate[1s..]", "<0.01") == 5 / 31
    assert figures(rows, "error_rate[2s..]", "<0.01").kept is True
    assert figures(rows[::-1], "error_rate[2s..]", "<0.01").kept is True


def test_a_begin_is_counted_from_the_first_request_whatever_became_of_it() -> None:
    rows = [dropped(0.0), *per_second([SLOW] * 10, GOOD)]
    assert figures(rows, "http_req_duration[2s..]", "max<100").kept is True
    assert figures(rows[1:], "http_req_duration[500ms..]", "max<100").kept is False


def test_a_begin_is_that_of_the_scenario() -> None:
    rows = per_second([partial(ok, scenario=WARM)] * 10, [partial(reset, scenario=PEAK)] * 10, [partial(ok, scenario=PEAK)] * 10)
    assert value(rows[:-1], "error_rate[1s..]{scenario:peak}", "<0.01") == 0.0
    assert value(rows[:-1], "error_rate[1s..]", "<0.01") == 0.5


def test_a_counters_rate_is_over_what_is_left_after_the_begin() -> None:
    assert value(per_second(GOOD, GOOD, GOOD, GOOD)[:-1], "http_reqs[2s..]", "rate>5") == 20 / 8


def test_nothing_due_after_the_begin_is_no_evidence() -> None:
    assert figures(per_second(GOOD), "error_rate[2s..]", "<0.01").kept is None
    assert figures([], "error_rate[2s..]", "<0.01").kept is None


# Live ---------------------------------------------------------------------------------------------------------------

ABORT = {"abort": True, "delay_abort": "10s"}


def crossing(rows: Sequence[Row], *thresholds: Threshold) -> Threshold | None:
    return crossed(
        thresholds,
        Rows.of(rows),
        scenario_names=SCENARIOS,
        request_names=REQUESTS,
        duration_s=1.0,
    )


def test_the_first_abort_threshold_that_fails_is_told_whatever_its_delay() -> None:
    kept, broken, next_broken = parse("error_rate", [{"threshold": f"rate<{limit}", **ABORT} for limit in (0.9, 0.2, 0.1)])
    assert crossing([ok(1.0), reset(1.1)], kept, broken, next_broken) is broken


def test_a_scripts_checks_abort_nothing_before_they_are_told() -> None:
    """Its requests' statuses are no checks."""
    asked = parse("checks", [{"threshold": "rate>0.9", "abort": True}])
    names = {"scenario_names": SCENARIOS, "request_names": REQUESTS, "duration_s": 1.0}
    rows = Rows.of([reset(1.0, scenario=PEAK)])
    assert crossed(asked, rows, **names, scripts={PEAK: {}}) is None
    assert crossed(asked, rows, **names) is asked[0]


def test_a_threshold_that_does_not_abort_crosses_nothing() -> None:
    assert crossing([reset(1.0)], *parse("error_rate", ["rate<0.2"])) is None


def test_kept_thresholds_cross_nothing_and_neither_do_those_without_rows() -> None:
    (rate,) = parse("error_rate", [{"threshold": "rate<0.2", **ABORT}])
    assert crossing([ok(1.0)], rate) is None
    assert crossing([], rate) is None
    assert crossing([reset(1.0)]) is None


def test_a_window_can_abort() -> None:
    (window,) = parse("error_rate[1s]", [{"threshold": "<0.2", **ABORT}])
    assert crossing(per_second(GOOD, GOOD, HALF, GOOD), window) is window
    assert crossing(per_second(GOOD, GOOD, GOOD, GOOD), window) is None


# Always -------------------------------------------------------------------------------------------------------------

some = settings(max_examples=50, deadline=None)
durations = st.lists(st.integers(1, 5_000_000), min_size=1, max_size=60)


def k6_percentile(values: list[int], percent: float) -> float:
    """k6's definition: at index N/100 · (n − 1), between its two neighbours in proportion."""
    ordered = sorted(values)
    at = percent / 100 * (len(ordered) - 1)
    below, above = int(np.floor(at)), int(np.ceil(at))
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


@some
@given(durations, st.floats(min_value=0, max_value=100))
def test_percentiles_are_those_of_k6_and_numpy(values: list[int], percent: float) -> None:
    (threshold,) = parse("http_req_due", ["p(0)<1"])
    rows = Rows.of([ok(1.0, took=each / 1e6) for each in values])
    (found,) = evaluate(
        [replace(threshold, percentile=percent)], rows,
        scenario_names=SCENARIOS, request_names=REQUESTS, duration_s=1.0,
    )  # fmt: skip
    assert found.value is not None
    assert found.value == pytest.approx(k6_percentile(values, percent) / 1000)
    assert found.value == pytest.approx(float(np.percentile(values, percent)) / 1000)


outcomes = st.sampled_from([ok, reset, refused, dropped, cut])
timelines = st.lists(st.tuples(st.integers(0, 8_000), outcomes, st.sampled_from([WARM, PEAK])), max_size=40)


@some
@given(timelines, st.sampled_from(["1s", "1500ms", "3s"]), st.sampled_from(["rate", "count"]))
def test_the_worst_window_is_the_worst_of_all_windows_judged_one_by_one(
    made: list[tuple[int, partial[Row], int]], window: str, aggregation: str
) -> None:
    rows = [make(due_ms / 1000, scenario=scenario) for due_ms, make, scenario in made]
    metric = "error_rate" if aggregation == "rate" else "http_reqs"
    found = figures(rows, f"{metric}[{window}]", f"{aggregation}<0.5")
    width = us(float(window.removesuffix("ms")) / 1000 if "ms" in window else float(window.removesuffix("s")))
    due = [us(row.due_ns / 1e9) for row in rows if row.outcome != Outcome.CUT]
    begins = range(min(due), max(due) - width + 1, 1_000_000) if due else range(0)
    parts = [[row for row in rows if begin <= us(row.due_ns / 1e9) < begin + width] for begin in begins]
    values = [each for each in (value(part, metric, f"{aggregation}<0.5") for part in parts) if each is not None]
    assert found.value == max(values, default=None)


@some
@given(timelines, st.integers(0, 1_000_000))
def test_shifting_all_times_changes_no_value(made: list[tuple[int, partial[Row], int]], by_ms: int) -> None:
    rows = [make(due_ms / 1000, scenario=scenario) for due_ms, make, scenario in made]
    shifted = [replace(row, due_ns=row.due_ns + by_ms * 1_000_000) for row in rows]
    for selector in ("error_rate", "error_rate[1s]{scenario:peak}", "http_reqs[2s]"):
        expression = "count>5" if selector.startswith("http") else "rate<0.5"
        assert value(rows, selector, expression) == value(shifted, selector, expression)
