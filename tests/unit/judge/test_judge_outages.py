"""Which outages belong together, and whose they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from lab.drill.model import Probe
from lab.history.model.rows import Row, Rows
from lab.judge.known import Bounds, see
from lab.judge.live import LiveFold
from lab.judge.outages import Episode
from tests.histories import REOPENED, Make, ns, ok, refused, reset, stream


def found(rows: Sequence[Row], acted: float | None = None) -> tuple[Episode, ...]:
    """Baseline from 1 s, injected at 6 s."""
    fold = LiveFold(Probe(), 1500, ns(1.0))
    fold.injected(ns(6.0))
    if acted is not None:
        fold.acted(ns(acted))
    fold.load(see(Rows.of([*stream(1, 6), *rows]), Bounds.of(Probe())).sights(), math.inf)
    return fold.episodes


def recovered_ns(episode: Episode) -> int | None:
    end = episode.last.outage.recovery if episode.last else None
    return end.good_ns if end else None


def reopened(make: Make) -> Make:
    def build(due: float, **_: object) -> Row:
        return make(due, via=REOPENED)

    return build


def test_it_recovers_with_its_last_class() -> None:
    (episode,) = found([*stream(6, 6.4, fresh=refused, kept=reset), *stream(6.4, 6.8, kept=reset), *stream(6.8, 12)])
    assert set(episode.classes) == {"all", "fresh", "kept"}
    assert recovered_ns(episode) == ns(6.81)


def test_only_the_classes_that_crossed_are_affected() -> None:
    (episode,) = found([*stream(6, 7, fresh=refused), *stream(7, 12)])
    assert set(episode.classes) == {"all", "fresh"}
    assert episode.caused_by == "fault"


def test_kept_connections_broken_by_a_restart_are_the_actions_doing() -> None:
    fault, action = found([*stream(6, 7, fresh=refused), *stream(7, 7.3, fresh=refused, kept=reset), *stream(7.3, 12)], acted=7.0)
    assert (fault.caused_by, action.caused_by) == ("fault", "action")
    assert action.classes == ("kept",)
    assert (action.onset_ns, recovered_ns(action)) == (ns(7.01), ns(7.31))


def test_a_class_that_was_bad_before_the_action_is_the_faults() -> None:
    (episode,) = found([*stream(6, 7.3, fresh=refused, kept=reset), *stream(7.3, 12)], acted=7.0)
    assert set(episode.classes) == {"all", "fresh", "kept"}


def test_an_action_before_anything_was_visible_is_no_excuse() -> None:
    """A death acts within a millisecond: what then goes wrong is the fault's."""
    (episode,) = found([*stream(6, 6.5, fresh=refused, kept=reset), *stream(6.5, 12)], acted=6.001)
    assert episode.caused_by == "fault"


def test_an_outage_after_the_recovery_is_a_relapse() -> None:
    down = {"fresh": refused, "kept": reset}
    first, second = found([*stream(6, 6.5, **down), *stream(6.5, 10), *stream(10, 10.5, **down), *stream(10.5, 15)])
    assert (first.relapse, second.relapse) == (False, True)
    assert recovered_ns(first) == ns(6.51)


def test_a_relapse_after_the_action_is_still_the_faults() -> None:
    down = {"fresh": refused}
    episodes = found([*stream(6, 7, **down), *stream(7, 11), *stream(11, 15, **down)], acted=6.9)
    assert [(e.caused_by, e.relapse, recovered_ns(e)) for e in episodes] == [("fault", False, ns(7.0)), ("fault", True, None)]


def test_a_later_restart_that_breaks_everything_is_the_actions() -> None:
    down = {"kept": reset}
    fault, action = found(
        [*stream(6, 6.5, fresh=refused), *stream(6.5, 11), *stream(11, 11.5, **down), *stream(11.5, 15)], acted=11.0
    )
    assert (fault.caused_by, action.caused_by) == ("fault", "action")
    assert set(action.classes) == {"all", "kept"}


def test_a_class_lost_again_before_the_others_recovered_is_a_flap() -> None:
    rows = [
        *stream(6, 6.5, fresh=refused, kept=reset),
        *stream(6.5, 9, fresh=refused),
        *stream(9, 9.5, fresh=refused, kept=reset),
        *stream(9.5, 15),
    ]
    (episode,) = found(rows)
    assert episode.flaps == 1
    assert recovered_ns(episode) == ns(9.51)


def test_without_recovery_it_is_censored() -> None:
    (episode,) = found(stream(6, 12, fresh=refused))
    assert episode.last is None
    assert episode.cleared_ns == math.inf


def test_a_class_whose_connections_are_all_reopened_recovers_with_all() -> None:
    """The kept class has no rows of its own left that could confirm it."""
    (episode,) = found([*stream(6, 6.5, fresh=refused, kept=reset), *stream(6.5, 12, kept=reopened(ok))])
    (kept,) = [member for member in episode.members if member.name == "kept"]
    assert kept.follows
    assert recovered_ns(episode) == ns(6.5)


def test_a_class_that_was_not_asked_while_all_turned_good_recovers_with_all() -> None:
    """All kept lines broke at once; each is asked again only when its turn comes, long after the service was well."""
    rows = [*stream(6, 6.32, fresh=reset, kept=reset), *stream(6.32, 9, fresh=reset, kept=reopened(reset))]
    (episode,) = found([*rows, *stream(9, 9.3, kept=reopened(ok)), *stream(9.3, 15)])
    assert set(episode.classes) == {"all", "fresh", "kept"}
    assert recovered_ns(episode) == ns(9.0)


def test_a_class_that_was_asked_and_failed_does_not_recover_with_all() -> None:
    rows = [*stream(6, 9, fresh=reset, kept=reset), *stream(9, 9.3, kept=reset)]
    (episode,) = found([*rows, *stream(9.3, 15)])
    assert recovered_ns(episode) is not None
    assert recovered_ns(episode) >= ns(9.3)


def test_reopened_connections_that_fail_keep_all_from_recovering() -> None:
    (episode,) = found([*stream(6, 6.5, fresh=refused, kept=reset), *stream(6.5, 12, kept=reopened(refused))])
    assert episode.last is None


def test_slow_answers_are_an_outage_too() -> None:
    slow = partial(ok, took=1.5)
    (episode,) = found([*stream(6, 8, kept=slow), *stream(8, 12)])
    assert set(episode.classes) == {"all", "kept"}
    assert episode.visible_ns == ns(7.07)
