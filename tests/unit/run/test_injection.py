"""What a fault's stage writes down when it goes wrong, and when it is broken off; in virtual time."""

from __future__ import annotations

from functools import partial

import pytest
from small_runs import UnreadableRoom, a_plan, conducted

from lab.history.model.events import FaultErrorEvent, HealEvent, InjectEvent, RunEvent, StageEvent
from lab.history.model.rows import Outcome
from lab.nanoseconds import NS_PER_S
from lab.runtimes.fake import FakeRoom, Traits

BEFORE_BASELINE, AFTER_BASELINE, BEFORE_INJECTION, WHILE_IT_STANDS = 0, 1, 2, 5


@pytest.mark.parametrize("readable", [BEFORE_BASELINE, AFTER_BASELINE, BEFORE_INJECTION, WHILE_IT_STANDS])
def test_evidence_that_cannot_be_read_breaks_the_stage_and_is_told(readable: int) -> None:
    events = conducted(a_plan(), partial(UnreadableRoom, readable=readable))
    (told,) = events.of(FaultErrorEvent)
    assert (told.fault, told.during, told.error) == ("crash", "evidence", "'ListenOverflows'")
    assert events.of(StageEvent)[-1].error == "fault crash, evidence: 'ListenOverflows'"
    assert events.of(RunEvent)[-1].reason == "broken: fault crash, evidence: 'ListenOverflows'"


def test_a_fault_whose_evidence_fails_while_it_stands_is_healed_at_once() -> None:
    events = conducted(a_plan(), partial(UnreadableRoom, readable=WHILE_IT_STANDS))
    injected, healed = events.of(InjectEvent)[0], events.of(HealEvent)[-1]
    assert healed.phase == "end"
    assert healed.t_ns - injected.t_ns < NS_PER_S


@pytest.mark.parametrize("after_s", [0.1, 1.0, 5.0, 7.0, 9.5, 12.0])
def test_an_interruption_at_any_moment_heals_and_leaves_no_task_behind(after_s: float) -> None:
    events = conducted(a_plan(), FakeRoom, stop_after_s=after_s)
    assert events.of(RunEvent)[-1].reason == "interrupted"
    assert len(events.of(InjectEvent)) == len(events.of(HealEvent))


def test_who_interrupts_does_not_wait_for_what_is_in_flight() -> None:
    slow = Traits(answer_s=0.9, spread=0.0)
    events = conducted(a_plan(), lambda plan, clock: FakeRoom(plan, clock, slow), stop_after_s=5.0)
    assert any(row.outcome is Outcome.CUT for row in events.rows)
    assert events.of(RunEvent)[-1].t_ns < 5.1 * NS_PER_S
