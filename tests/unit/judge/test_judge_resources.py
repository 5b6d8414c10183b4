"""Which series are judged for a trend; what a trend is stands in ``test_judge_trend``."""

from __future__ import annotations

import math

from lab.history.model.events import Event, ResourceEvent
from lab.judge.resources import trends
from lab.judge.timeline import Timeline
from lab.judge.verdict import TrendFigures
from tests.histories import STAGE, ns, stage


def read(t: float, pid: int = 7, **readings: float) -> ResourceEvent:
    return ResourceEvent(t_ns=ns(t), stage=STAGE, pid=pid, readings=readings)


def found(events: list[ResourceEvent]) -> dict[str, TrendFigures]:
    whole: tuple[Event, ...] = tuple(events)
    return {each.resource: each for each in trends(Timeline(stage(), 0, whole))}


def test_what_grows_leaks_and_what_stays_is_flat() -> None:
    known = found([read(t, rss_bytes=50e6 + 20_000 * t, threads=9.0) for t in range(300)])
    assert (known["rss_bytes"].kind, known["threads"].kind) == ("leaking", "flat")
    slope = known["rss_bytes"].slope_per_h
    assert slope is not None
    assert abs(slope - 72e6) < 1e6
    assert (known["rss_bytes"].first, known["threads"].last) == (50e6, 9.0)


def test_a_restart_begins_another_series_and_the_longest_counts() -> None:
    events = [read(t, pid=7, rss_bytes=90e6) for t in range(100)] + [read(t, pid=8, rss_bytes=50e6) for t in range(100, 300)]
    known = found(events)["rss_bytes"]
    assert (known.kind, known.first, known.readings) == ("flat", 50e6, 195)


def test_gc_share_is_the_time_in_collections_between_two_readings() -> None:
    known = found([read(5.0 * i, jvm_gc_s=0.25 * i) for i in range(60)])["gc_share"]
    assert (known.kind, known.last) == ("flat", 0.05)


def test_a_short_load_is_too_short_to_tell() -> None:
    assert found([read(t, rss_bytes=50e6) for t in range(20)])["rss_bytes"].kind == "too short"


def test_an_interval_without_an_end_is_none_and_can_be_stored() -> None:
    for count in (1, 2, 3, 20, 25, 61):
        for known in found([read(3.0 * t, rss_bytes=50e6 + 1e5 * t, threads=9.0) for t in range(count)]).values():
            assert all(value is None or math.isfinite(value) for value in (known.slope_per_h, known.low_per_h, known.high_per_h))


def test_nothing_read_is_nothing_told() -> None:
    assert found([]) == {}


def test_what_lives_in_the_heap_stands_in_the_place_of_the_heap() -> None:
    events = [read(5.0 * i, jvm_old_used_bytes=60e6 + 1e6 * (i % 7)) for i in range(120)]
    assert list(found(events)) == ["jvm_old_used_bytes"]
    known = found(events + [read(600.0 + 10 * i, jvm_live_bytes=30e6 + 1e6 * i, jvm_old_used_bytes=60e6) for i in range(30)])
    assert list(known) == ["jvm_live_bytes"]
    assert known["jvm_live_bytes"].kind == "leaking"


def test_a_heap_that_only_fills_up_leaks_nothing() -> None:
    known = found([read(5.0 * i, jvm_old_used_bytes=30e6 + 1e6 * i) for i in range(60)])["jvm_old_used_bytes"]
    assert known.text.startswith("too short to tell: collected never")


def test_a_page_that_tells_of_no_old_generation_is_judged_by_all_of_the_heap() -> None:
    events = [read(5.0 * i, jvm_heap_used_bytes=(30 + 0.2 * i + 9 * (i % 4)) * 1e6) for i in range(120)]
    known = found(events)["jvm_heap_used_bytes"]
    assert (known.kind, known.readings) == ("leaking", 29)
