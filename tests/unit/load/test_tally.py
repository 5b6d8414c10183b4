from __future__ import annotations

from lab.history.model.rows import Outcome, Row, Rows
from lab.load.tally import Tally


def test_counts_are_since_the_start_and_latencies_since_the_last_tick() -> None:
    tally = Tally()
    tally.count(Rows.of([Row(due_ns=0, end_us=ms * 1000, status=200) for ms in range(50)]))
    tally.count(Rows.of([Row(due_ns=0, end_us=ms * 1000, status=400) for ms in range(50, 101)]))
    first = tally.tick()
    tally.count(Rows.of([Row(due_ns=0, end_us=7000, outcome=Outcome.RESET)]))
    second = tally.tick()
    assert (first["requests"], first["outcomes"], first["statuses"]) == (101, {"ok": 101}, {"200": 50, "400": 51})
    assert (first["p50_ms"], first["p95_ms"], first["p99_ms"]) == (50.0, 95.0, 99.0)
    assert (second["requests"], second["outcomes"], second["p50_ms"]) == (102, {"ok": 101, "reset": 1}, 7.0)


def test_requests_that_nobody_waited_out_have_no_latency() -> None:
    tally = Tally()
    tally.count(Rows.of([Row(due_ns=0, end_us=9, outcome=Outcome.CUT), Row(due_ns=0, outcome=Outcome.DROPPED)]))
    tick = tally.tick()
    assert (tick["requests"], tick["outcomes"]) == (2, {"dropped": 1, "cut": 1})
    assert (tick["p50_ms"], tick["p95_ms"], tick["p99_ms"]) == (None, None, None)
