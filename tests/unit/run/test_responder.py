"""What the responder does with an action that goes wrong, in virtual time."""

from __future__ import annotations

from typing import get_args, get_type_hints

from small_runs import StartsOnce, a_plan, conducted

from lab.clock import LoopClock
from lab.drill.model import Respond, RunPlan
from lab.history.model.events import ActionEvent, DecideEvent, RunEvent, StageEvent, TargetEvent
from lab.nanoseconds import NS_PER_S
from lab.respond.actions import ACTIONS
from lab.runtimes.fake import FakeRoom, Traits


class RoomThatStartsOnce(FakeRoom):
    def __init__(self, plan: RunPlan, clock: LoopClock) -> None:
        super().__init__(plan, clock)
        self.service = StartsOnce(self._world)


def test_every_action_that_a_drill_may_name_can_be_carried_out() -> None:
    assert ACTIONS.keys() == set(get_args(get_type_hints(Respond)["do"])) - {"nobody"}


def test_a_target_that_died_is_restarted_once() -> None:
    events = conducted(a_plan(), FakeRoom)
    assert [(event.phase, event.action, event.ok) for event in events.of(ActionEvent)] == [
        ("begin", "restart", True),
        ("end", "restart", True),
    ]
    assert events.of(RunEvent)[-1].reason == "complete"


def test_an_action_that_cannot_be_carried_out_is_recorded_at_once_and_breaks_the_stage() -> None:
    events = conducted(a_plan(), RoomThatStartsOnce)
    begin, end = events.of(ActionEvent)
    assert (end.ok, end.detail) == (False, "no space left on device")
    assert end.t_ns - begin.t_ns < NS_PER_S // 10
    last = events.of(StageEvent)[-1]
    assert last.error == "action restart: no space left on device"
    assert last.t_ns - end.t_ns < 2 * NS_PER_S  # what is in flight is waited for, the planned end is not
    assert events.of(RunEvent)[-1].reason == "broken: action restart: no space left on device"


def test_a_start_that_failed_is_told_of() -> None:
    events = conducted(a_plan(), lambda plan, clock: FakeRoom(plan, clock, Traits(boots=False)))
    assert [event.state for event in events.of(TargetEvent)] == ["starting", "started", "failed"]


def test_without_a_rule_nobody_acts() -> None:
    events = conducted(a_plan(measures={}), FakeRoom)
    assert events.of(DecideEvent) == []
    assert events.of(ActionEvent) == []
