"""A line of a load shard, taken once."""

from __future__ import annotations

import pytest

from lab.runtimes.processes.tick import Tick, tick_of

LINE = (
    b'{"t": 5, "requests": 2, "outcomes": {"ok": 2}, "statuses": {"200": 2}, "p50_ms": 1.0, "p95_ms": %s, "p99_ms": 3.0, '
    b'"late_ms": 0.5, "cpu_s": 0.1}'
)


def test_a_tick_is_what_the_line_says_and_no_request_is_no_latency() -> None:
    assert tick_of(LINE % b"2.5") == Tick(
        t_ns=5, requests=2, outcomes={"ok": 2}, statuses={"200": 2}, p50_ms=1.0, p95_ms=2.5, p99_ms=3.0, late_ms=0.5, cpu_s=0.1
    )
    assert tick_of(LINE % b"null").p95_ms == 0.0
    assert tick_of((LINE % b"2.5")[:-1] + b', "error": "disk full"}').error == "disk full"


@pytest.mark.parametrize("line", [b"", b"not json", b"{}", b"[]", b"3", LINE % b"[1]"])
def test_a_line_that_is_no_tick_is_an_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        tick_of(line)
