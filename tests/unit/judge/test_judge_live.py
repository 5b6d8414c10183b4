"""The fold as the runner uses it."""

from __future__ import annotations

from lab.drill.model import Probe
from lab.history.model.rows import Row
from lab.judge.known import Stall
from lab.judge.live import LiveFold
from tests.histories import cut, late, ns, ok, refused, reset, stream

DOWN = {"fresh": refused, "kept": reset}


def fold_over(rows: list[Row], *, until: float, injected: float = 6.0) -> LiveFold:
    fold = LiveFold(Probe(), 1500, ns(1.0))
    fold.injected(ns(injected))
    for row in rows:
        fold.feed(row)
    fold.advance(ns(until))
    return fold


OUTAGE = [*stream(1, 6), *stream(6, 7, **DOWN), *stream(7, 12)]


def test_nothing_is_known_before_the_injection() -> None:
    fold = fold_over(OUTAGE, until=6.0)
    assert fold.baseline is None
    assert fold.episodes == ()
    assert not fold.clear


def test_the_baseline_ends_slow_before_the_injection() -> None:
    fold = fold_over(OUTAGE, until=6.02)
    assert fold.baseline is not None
    assert (fold.baseline.requests, fold.baseline.bad, fold.baseline.p0) == (401, 0, 0.01)


def test_each_class_becomes_visible_by_itself() -> None:
    fold = fold_over(OUTAGE, until=6.5)
    (episode,) = fold.episodes
    assert {member.name: round(member.outage.visible_ns / 1e6) for member in episode.members} == {
        "all": 6031,
        "fresh": 6060,
        "kept": 6071,
    }


def test_the_clear_waits_for_the_slowest_class_and_for_what_is_still_unknown() -> None:
    """100 good ones of a class at 50/s, the first due at 7.01; the last of them could be known `slow` later."""
    assert not fold_over(OUTAGE, until=9.99).clear
    assert fold_over(OUTAGE, until=10.0).clear


def test_without_an_outage_there_is_nothing_to_clear() -> None:
    assert not fold_over(stream(1, 12), until=12).clear


def test_advance_returns_the_new_punctual_ones_in_known_order() -> None:
    fold = LiveFold(Probe(), 1500, 0)
    for row in (ok(1.01), ok(1.0, took=0.02), late(1.0), cut(1.0), ok(1.5)):
        fold.feed(row)
    assert [seen.due_ns for seen in fold.advance(ns(1.1))] == [ns(1.01), ns(1.0)]
    assert fold.advance(ns(1.1)) == []


def test_what_was_in_flight_during_a_stall_is_left_out() -> None:
    fold = LiveFold(Probe(), 1500, 0)
    fold.feed(reset(1.0, took=0.1))
    fold.stall(Stall(ns(1.02), ns(1.09)))
    assert fold.advance(ns(2.0)) == []


def test_an_action_makes_what_it_breaks_an_episode_of_its_own() -> None:
    fold = LiveFold(Probe(), 1500, ns(1.0))
    fold.injected(ns(6.0))
    fold.acted(ns(7.0))
    fold.acted(ns(8.0))
    for row in [*stream(1, 6), *stream(6, 7, fresh=refused), *stream(7, 7.3, **DOWN), *stream(7.3, 12)]:
        fold.feed(row)
    fold.advance(ns(12.0))
    assert [episode.caused_by for episode in fold.episodes] == ["fault", "action"]
