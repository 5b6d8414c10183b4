"""``queue``, ``connections`` and ``overflows`` as tables of readings, one every 50 ms."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lab.drill.model import ConnectionsAlarm, OverflowsAlarm, QueueAlarm
from lab.drill.units import Amount
from lab.history.model.events import AcceptEvent
from lab.nanoseconds import NS_PER_MS
from lab.watch.alarms import ConnectionsRule, OverflowsRule, QueueRule, Standing

HALF = QueueAlarm(above=0.5, for_=0.1)
MOST = ConnectionsAlarm(above=Amount(0.9, of_limit=True))
ANY_DROP = OverflowsAlarm(over=0.2)
GONE = AcceptEvent(t_ns=0)


def waiting(number: int) -> AcceptEvent:
    return AcceptEvent(t_ns=0, waiting=number, limit=256)


def connected(number: int, most: int = 100) -> AcceptEvent:
    return AcceptEvent(t_ns=0, limit=256, connections=number, most=most)


def dropped(counter: int) -> AcceptEvent:
    return AcceptEvent(t_ns=0, limit=256, drops=counter)


def played(fold: QueueRule | ConnectionsRule | OverflowsRule, readings: Sequence[AcceptEvent]) -> dict[int, Standing]:
    """By the beat in ms, the alarm where it stood; a reading comes at every fifth beat."""
    stood = {}
    for beat in range(5 * len(readings)):
        now_ns = beat * 10 * NS_PER_MS
        if beat % 5 == 0:
            reading = readings[beat // 5]
            fold.read(AcceptEvent(**{**vars(reading), "t_ns": now_ns}))
        if (alarm := fold.standing(now_ns)) is not None:
            stood[beat * 10] = alarm
    return stood


def queue(*numbers: int) -> dict[int, Standing]:
    return played(QueueRule(HALF), [waiting(number) for number in numbers])


def test_a_queue_that_stays_above_is_told_after_its_time_and_with_its_figure() -> None:
    stood = queue(0, 0, 129, 131, 131, 131)
    assert min(stood) == 200  # above from 100 ms on, for 100 ms
    assert stood[200].text == "queue 131 of 256 (51 %) > 50 %"
    assert (stood[200].since_ns, stood[200].evidence_from_ns) == (200 * NS_PER_MS, 100 * NS_PER_MS)


def test_a_queue_that_drains_clears_it() -> None:
    assert max(queue(0, 200, 200, 200, 200, 100, 0)) == 240


@pytest.mark.parametrize(
    "numbers", [(0, 0, 0, 0, 0), (128, 128, 128, 128), (0, 200, 0, 200, 0, 200)], ids=["empty", "half", "blips"]
)
def test_a_queue_that_is_not_above_for_its_time_tells_nothing(numbers: tuple[int, ...]) -> None:
    assert queue(*numbers) == {}


def test_a_full_queue_holds_one_more_than_its_limit() -> None:
    assert queue(257, 257, 257)[100].text == "queue 257 of 256 (100 %) > 50 %"


def test_while_nothing_listens_there_is_no_queue_and_its_time_begins_anew() -> None:
    stood = played(QueueRule(HALF), [waiting(200), waiting(200), GONE, waiting(200), waiting(200), waiting(200)])
    assert min(stood) == 250


@pytest.mark.parametrize(
    ("rule", "readings", "text"),
    [
        (MOST, [connected(91)], "connections 91 of 100 (91 %) > 90 %"),
        (MOST, [connected(90)], None),
        (MOST, [connected(910, most=1000)], "connections 910 of 1000 (91 %) > 90 %"),
        (MOST, [connected(910, most=0)], None),
        (MOST, [connected(99), connected(99, most=1000)], None),  # restarted with a greater limit
        (ConnectionsAlarm(above=Amount(120)), [connected(121)], "connections 121 > 120"),
        (ConnectionsAlarm(above=Amount(120)), [connected(120)], None),
        (ConnectionsAlarm(above=Amount(120)), [connected(121), GONE], None),
    ],
)
def test_connections_by_number_or_by_share(rule: ConnectionsAlarm, readings: list[AcceptEvent], text: str | None) -> None:
    stood = played(ConnectionsRule(rule), readings)
    last = stood.get(50 * len(readings) - 10)
    assert (last.text if last else None) == text


def overflows(*counters: int, rule: OverflowsAlarm = ANY_DROP) -> dict[int, Standing]:
    return played(OverflowsRule(rule), [dropped(counter) for counter in counters])


def test_drops_are_told_while_they_are_in_the_window() -> None:
    stood = overflows(7, 7, 10, 12, 12, 12, 12, 12, 12)
    assert stood[100].text == "overflows 3 in 200ms > 0"
    assert stood[150].text == "overflows 5 in 200ms > 0"
    assert (min(stood), max(stood)) == (100, 340)


@pytest.mark.parametrize(
    ("counters", "rule"),
    [
        ((7, 7, 7, 7), ANY_DROP),  # of before
        ((100, 0, 0, 0), ANY_DROP),  # a restart took the counter with it
        ((0, 3, 3, 3), OverflowsAlarm(above=3, over=0.2)),
        ((0, 1, 2, 3), OverflowsAlarm(above=1, over=0.05)),  # never two in one window
    ],
)
def test_a_counter_that_does_not_rise_above_tells_nothing(counters: tuple[int, ...], rule: OverflowsAlarm) -> None:
    assert overflows(*counters, rule=rule) == {}


def test_a_restarted_listener_is_counted_from_its_own_first_reading() -> None:
    stood = played(OverflowsRule(ANY_DROP), [dropped(100), GONE, dropped(2), dropped(2), dropped(4)])
    assert stood[200].text == "overflows 2 in 200ms > 0"
    assert min(stood) == 200
