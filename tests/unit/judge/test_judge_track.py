"""One stream: visible in known order, recovered in due order."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lab.drill.model import Probe
from lab.history.model.rows import Row, Rows
from lab.judge.detector import threshold
from lab.judge.known import Bounds, see
from lab.judge.track import Outage, Track
from lab.nanoseconds import NS_PER_S
from tests.histories import hang, ns, refused, reset, stream


def track(rows: Sequence[Row], *, watermark_ns: float = math.inf, after: float = 0.0) -> list[Outage]:
    """The outages of all of ``rows`` as one stream; requests due by ``after`` are not looked at."""
    found = Track(p0=0.01, crossing=threshold(1500), after_ns=ns(after), slow_ns=NS_PER_S)
    found.release(see(Rows.of(rows), Bounds.of(Probe())).sights(), watermark_ns)
    return found.outages


def test_a_clean_stream_has_no_outage() -> None:
    assert track(stream(1, 10)) == []


def test_an_outage_is_visible_after_four_requests_and_over_at_the_first_good_one() -> None:
    (outage,) = track([*stream(1, 3), *stream(3, 4, fresh=refused, kept=reset), *stream(4, 8)])
    assert (outage.onset_ns, outage.requests) == (ns(3.0), 4)
    assert outage.visible_ns == ns(3.031)
    assert outage.recovery is not None
    assert (outage.recovery.last_bad_ns, outage.recovery.good_ns) == (ns(3.99), ns(4.0))


def test_a_hang_is_visible_at_slow_and_recovers_where_it_was_due_to() -> None:
    """In known order its failures would reach a second into the recovery."""
    (outage,) = track([*stream(1, 3), *stream(3, 5, fresh=hang, kept=hang), *stream(5, 9)])
    assert outage.visible_ns == ns(4.03)
    assert outage.onset_ns == ns(3.0)
    assert outage.recovery is not None
    assert outage.recovery.good_ns == ns(5.0)


def test_ninety_nine_good_ones_confirm_nothing() -> None:
    (outage,) = track([*stream(1, 3), *stream(3, 4, fresh=refused, kept=refused), *stream(4, 4.99)])
    assert outage.recovery is None


def test_a_good_stretch_under_a_hundred_stays_inside() -> None:
    down = {"fresh": refused, "kept": refused}
    (outage,) = track([*stream(1, 3), *stream(3, 4, **down), *stream(4, 4.8), *stream(4.8, 5, **down), *stream(5, 8)])
    assert outage.recovery is not None
    assert outage.recovery.good_ns == ns(5.0)


def test_after_a_confirmed_recovery_the_next_outage_is_another_one() -> None:
    down = {"fresh": refused, "kept": refused}
    first, second = track([*stream(1, 3), *stream(3, 4, **down), *stream(4, 6), *stream(6, 6.2, **down), *stream(6.2, 9)])
    assert first.recovery is not None
    assert first.recovery.good_ns == ns(4.0)
    assert second.onset_ns == ns(6.0)


def test_a_recovery_waits_until_no_request_in_between_is_unknown() -> None:
    rows = [*stream(1, 3), *stream(3, 4, fresh=refused, kept=refused), *stream(4, 8)]
    assert track(rows, watermark_ns=ns(5.98))[0].recovery is None  # the 100th good one was due at 4.99, known by 5.99
    assert track(rows, watermark_ns=ns(6.0))[0].recovery is not None


def test_what_was_due_before_is_not_looked_at() -> None:
    assert track([*stream(1, 2, fresh=refused, kept=refused), *stream(2, 5)], after=1.99) == []


def test_a_late_failure_of_the_outage_does_not_undo_its_recovery() -> None:
    """Due during the outage, known to be bad when the others had long recovered."""
    rows = [*stream(1, 3), *stream(3, 3.5, fresh=hang, kept=refused), *stream(3.5, 8)]
    (outage,) = track(rows)
    assert outage.recovery is not None
    assert outage.recovery.good_ns == ns(3.5)
