"""Did it bite, and did anybody feel it?"""

from __future__ import annotations

import pytest

from lab.history.model.events import Event
from lab.judge.landed import Evidence, Landed, evidence_of, landed
from lab.judge.timeline import timeline_of
from tests.histories import baseline, counted, heal, inject, run


def evidence(*events: Event) -> Evidence:
    """Baseline 0 to 5 s, injected at 5 s, healed at 8 s."""
    return evidence_of(timeline_of(run([], [*inject(5.0), *events, *heal(8.0)], end=12), 0))


BITES = [
    ("a counter that stood still before", [*baseline(0, 5, drops=7), *counted(6, drops=8)], True, 1),
    ("one that never moved", [*baseline(0, 5, drops=7), *counted(8, drops=7)], False, 0),
    ("ten times as fast as before", [*baseline(0, 5, {"drops": 0}, drops=5), *counted(6, drops=15)], True, 10),
    ("nine times as fast as before", [*baseline(0, 5, {"drops": 0}, drops=5), *counted(6, drops=14)], False, 9),
    ("set back by a restart after it had moved", [*baseline(0, 5, drops=2), *counted(6, drops=9), *counted(8, drops=0)], True, 7),
    ("set back by a restart, no more", [*baseline(0, 5, drops=7), *counted(8, drops=0)], False, 0),
    ("no readings at all", [*baseline(0, 5, drops=7)], False, 0),
    ("no counters at all", [*baseline(0, 5), *counted(8)], False, None),
]  # fmt: skip


@pytest.mark.parametrize(("events", "bit", "moved"), [case[1:] for case in BITES], ids=[case[0] for case in BITES])
def test_a_counter_proves_the_fault(events: list[Event], bit: bool, moved: int | None) -> None:
    found = evidence(*events)
    assert (found.bit, found.moved.get("drops")) == (bit, moved)


def test_one_counter_of_several_is_enough() -> None:
    assert evidence(*baseline(0, 5, {"a": 0, "b": 0}, a=100, b=0), *counted(6, a=120, b=1)).bit


@pytest.mark.parametrize(
    ("bit", "visible", "expected"),
    [(True, True, Landed.YES), (True, False, Landed.IN_PART), (False, True, Landed.NO), (False, False, Landed.NO)],
)
def test_counter_and_outage_are_both_needed(bit: bool, visible: bool, expected: Landed) -> None:
    assert landed(Evidence({}, {}, bit), visible) is expected
