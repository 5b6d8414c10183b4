"""``latency: {above, of, over, for}`` as tables of requests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lab.drill.model import LatencyAlarm
from lab.nanoseconds import NS_PER_MS
from lab.watch.alarms import LatencyRule, Standing

RULE = LatencyAlarm(above=0.3, over=0.2)


def played(took_ms: Sequence[int], until_ms: int, rule: LatencyAlarm = RULE) -> dict[int, Standing]:
    """By the beat in ms, the alarm where it stood. A request became known every 10 ms, ``took_ms`` after it was due."""
    fold, stood = LatencyRule(rule), {}
    for now_ms in range(0, until_ms, 10):
        if now_ms // 10 < len(took_ms):
            fold.add(now_ms * NS_PER_MS, (now_ms - took_ms[now_ms // 10]) * NS_PER_MS)
        if (alarm := fold.standing(now_ms * NS_PER_MS)) is not None:
            stood[now_ms] = alarm
    return stood


def test_a_slow_percentile_is_told_with_its_figure_and_cleared_with_its_window() -> None:
    stood = played([20] * 30 + [412] * 20 + [20] * 40, 900)
    assert min(stood) == 310  # two of twenty: the 19th of the sorted window
    assert stood[310].text == "latency p95 412 ms > 300 ms"
    assert stood[310].evidence_from_ns == 110 * NS_PER_MS
    assert 500 <= max(stood) < 700


@pytest.mark.parametrize(
    ("took_ms", "rule"),
    [
        ([20] * 50, RULE),
        ([300] * 50, RULE),  # not above
        ([20] * 30 + [900] + [20] * 30, RULE),  # one of twenty is the 20th
        ([900] * 9, RULE),  # fewer than at_least
        ([20] * 30 + [900] * 9 + [20] * 30, LatencyAlarm(above=0.3, of=0.5, over=0.2)),
        ([20] * 30 + [900] * 5 + [20] * 30, LatencyAlarm(above=0.3, over=0.2, for_=0.3)),
    ],
)
def test_what_is_not_slow_enough_or_not_for_long_tells_nothing(took_ms: list[int], rule: LatencyAlarm) -> None:
    assert played(took_ms, 800, rule) == {}


@pytest.mark.parametrize(("of", "told"), [(0.5, "p50 20 ms"), (0.9, "p90 500 ms"), (0.999, "p99.9 900 ms"), (1.0, "p100 900 ms")])
def test_a_percentile_is_one_of_the_requests(of: float, told: str) -> None:
    rule = LatencyAlarm(above=0.001, of=of, over=0.2)
    assert told in played([20] * 17 + [500] * 2 + [900], 200, rule)[190].text
