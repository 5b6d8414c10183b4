"""``errors: {above, over, for}`` as a table of request streams."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from lab.drill.model import ErrorsAlarm
from lab.nanoseconds import NS_PER_MS, NS_PER_S
from lab.watch.alarms import ErrorsRule, Standing

RULE = ErrorsAlarm(above=0.2, over=0.5, for_=0.25)
STEP_MS = 20  # of one class: 50 requests a second


def played(stream: Iterable[tuple[int, str, bool]], until_ms: int, rule: ErrorsAlarm = RULE) -> list[tuple[int, Standing]]:
    """The alarm as it stood at every 10 ms beat. ``stream``: (known ms, class, bad), in order."""
    fold, waiting, stood = ErrorsRule(rule), list(stream), []
    for now_ms in range(0, until_ms, 10):
        while waiting and waiting[0][0] <= now_ms:
            known_ms, name, bad = waiting.pop(0)
            fold.add(known_ms * NS_PER_MS, ("all", name), bad)
        if (standing := fold.standing(now_ms * NS_PER_MS)) is not None:
            stood.append((now_ms, standing))
    return stood


def both_classes(bad_from_ms: int, bad_to_ms: int, until_ms: int, only: str = "") -> list[tuple[int, str, bool]]:
    return [
        (at, name, bad_from_ms <= at < bad_to_ms and only in ("", name))
        for at in range(0, until_ms, STEP_MS)
        for name in ("fresh", "kept")
    ]


def test_no_alarm_while_all_is_well() -> None:
    assert played(both_classes(0, 0, 3000), 3000) == []


def test_a_full_outage_is_told_after_the_share_is_above_for_its_time() -> None:
    first_ms, alarm = played(both_classes(1000, 3000, 3000), 3000)[0]
    assert 1100 + 250 <= first_ms <= 1130 + 250  # a fifth of 500 ms is bad 100 ms after the onset, then 250 ms more
    assert alarm.since_ns <= first_ms * NS_PER_MS
    assert alarm.evidence_from_ns >= 0.5 * NS_PER_S


def test_the_worst_class_counts() -> None:
    stood = played(both_classes(1000, 3000, 3000, only="fresh"), 3000)
    assert stood[0][0] <= 1130 + 250
    assert "fresh" in stood[0][1].text


def test_a_blip_shorter_than_for_raises_nothing() -> None:
    assert played(both_classes(1000, 1040, 3000), 3000) == []


def test_it_clears_when_the_window_has_drained() -> None:
    stood = played(both_classes(1000, 1600, 4000), 4000)
    assert stood
    assert max(now_ms for now_ms, _ in stood) <= 1600 + 500


@pytest.mark.parametrize("requests", [9, 10])
def test_fewer_than_ten_requests_prove_nothing(requests: int) -> None:
    stream = [(1000 + i, "fresh", True) for i in range(requests)]
    assert bool(played(stream, 1490, ErrorsAlarm(above=0.2, over=0.5))) is (requests >= 10)
