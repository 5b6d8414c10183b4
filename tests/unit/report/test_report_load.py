"""What is said of a load test."""

from __future__ import annotations

from lab.history.model.rows import Outcome
from lab.judge.judge import judge
from lab.report.terminal import report
from tests.unit.judge.test_judge_load import ARRIVALS, SCRIPTED, a_run, many, sent, told


def said(*args: object, **more: object) -> str:
    history = a_run(*args, **more)  # type: ignore[arg-type]
    return "\n".join(report(history, judge(history)))


def test_a_k6_user_reads_checks_counters_latencies_and_thresholds_at_once() -> None:
    text = said([*many(1000), *many(2, status=500, outcome=Outcome.BAD_STATUS)], thresholds={"http_req_failed": ("rate<0.01",)})
    assert "requests     1,002 in 10.01 s, 100/s · 2 failed" in text
    assert "checks       > 99 % · 1,000 of 1,002 have the status 200 or 400" in text
    assert "order_200 1,000 · order_400 0 · order_other 2 (500 ×2)" in text
    assert "latency      avg 20 ms · med 20 ms · p90 20 ms" in text
    assert "✓ kept: http_req_failed rate<0.01 = 0.002" in text
    assert "CPU 30 % of a core · lag p50 0.5 ms" in text


def test_where_a_script_asks_the_checks_line_is_the_scripts() -> None:
    """Half of the requests failed, which is not what the script checked."""
    rows = [*many(50), *many(50, status=500, outcome=Outcome.BAD_STATUS)]
    text = said(rows, SCRIPTED, events=[told(0, has_stock=(60, 10), is_an_order=(50, 0))])
    assert "checks       92 % · 110 of 120 of the script's held\n" in text
    assert "✗ has stock: 60 of 70\n" in text
    assert "have the status" not in text


def test_a_script_that_checked_nothing_has_no_line_of_checks() -> None:
    text = said(many(100), SCRIPTED)
    assert "requests     100 in" in text
    assert "checks  " not in text


def test_a_closed_loop_says_that_it_under_reports() -> None:
    assert "a slow service is asked less, so this under-reports" in said(many(100))
    assert "under-reports" not in said(many(100), ARRIVALS)


def test_a_correction_that_changes_nothing_is_not_told() -> None:
    assert "corrected" not in said(many(100))
    assert "corrected" in said([*many(100), sent(1.0, took_ms=1500)])


def test_a_missed_threshold_is_the_reason_and_stands_in_the_last_line() -> None:
    text = said(many(1000), thresholds={"http_req_duration": ("p(95)<5",)})
    assert "✗ missed: http_req_duration p(95)<5 = 20" in text
    assert "because      threshold http_req_duration p(95)<5: 20" in text
