from __future__ import annotations

from lab.history.model.rows import Outcome, Row
from lab.load.tally import Tally


def test_counts_are_since_the_start_and_latencies_since_the_last_tick() -> None:
    tally = Tally()
    for ms in range(101):
        tally.count(Row(due_ns=0, end_us=ms * 1000))
    first = tally.tick()
    tally.count(Row(due_ns=0, end_us=7000, outcome=Outcome.RESET))
    second = tally.tick()
    assert (first["requests"], first["outcomes"], first["p50_ms"], first["p95_ms"]) == (101, {"ok": 101}, 50.0, 95.0)
    assert (second["requests"], second["outcomes"], second["p50_ms"]) == (102, {"ok": 101, "reset": 1}, 7.0)


def test_requests_that_nobody_waited_out_have_no_latency() -> None:
    tally = Tally()
    tally.count(Row(due_ns=0, end_us=9, outcome=Outcome.CUT))
    tally.count(Row(due_ns=0, outcome=Outcome.DROPPED))
    assert tally.tick() == {"requests": 2, "outcomes": {"dropped": 1, "cut": 1}, "p50_ms": None, "p95_ms": None}
