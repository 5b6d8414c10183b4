"""What the responder does with an action that goes wrong, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest
from small_runs import TARGET, StartsOnce, a_plan, conducted

from lab.clock import LoopClock
from lab.drill.model import FaultCall, Measure, Respond, RunPlan, Step
from lab.history.model.events import ActionEvent, DecideEvent, HealEvent, HoldEvent, RunEvent, StageEvent, TargetEvent
from lab.history.model.rows import Outcome
from lab.nanoseconds import NS_PER_S
from lab.respond.actions import ACTIONS
from lab.runtimes.fake import FakeRoom, Traits


class RoomThatStartsOnce(FakeRoom):
    def __init__(self, plan: RunPlan, clock: LoopClock) -> None:
        super().__init__(plan, clock)
        self.service = StartsOnce(self._world)


def test_every_action_that_a_drill_may_name_can_be_carried_out() -> None:
    assert ACTIONS.keys() == set(get_args(get_type_hints(Respond)["do"])) - {"runbook", "nobody"}
    assert ACTIONS.keys() == set(get_args(get_type_hints(Step)["do"]))


def test_a_target_that_died_is_restarted_once() -> None:
    events = conducted(a_plan(), FakeRoom)
    assert [(event.phase, event.action, event.ok) for event in events.of(ActionEvent)] == [
        ("begin", "restart", True),
        ("end", "restart", True),
    ]
    assert events.of(RunEvent)[-1].reason == "complete"


def test_an_inherited_listener_refuses_nobody_while_it_is_restarted() -> None:
    def outcomes(listener: str) -> set[Outcome]:
        target = replace(TARGET, listener=listener)  # type: ignore[arg-type]  # one of the two
        return {row.outcome for row in conducted(a_plan(target=target), FakeRoom).rows}

    assert Outcome.CONNECT_REFUSED in outcomes("rebind")
    assert Outcome.CONNECT_REFUSED not in outcomes("inherited")


def test_what_cannot_be_set_is_a_failed_action() -> None:
    measures = {"m": Measure(respond=(Respond(when="died", do="set", settings={"backlog": 2048}),))}
    begin, end = conducted(a_plan(measures=measures), FakeRoom).of(ActionEvent)[:2]
    assert (begin.action, end.ok) == ("set", False)
    assert end.detail == "nothing to be changed live: the simulated target is not running"


COMMAND = {"m": Measure(respond=(Respond(when="died", do="command", argv=("./failover.sh",), timeout=1.0),))}


def test_a_command_that_ends_well_is_told_of_with_its_last_words() -> None:
    _, end = conducted(a_plan(measures=COMMAND), FakeRoom).of(ActionEvent)[:2]
    assert (end.ok, end.detail) == (True, "./failover.sh, exit code 0: simulated: nothing was run")


def test_a_command_that_ends_badly_is_a_failed_action_and_the_stage_goes_on() -> None:
    events = conducted(a_plan(measures=COMMAND), lambda plan, clock: FakeRoom(plan, clock, Traits(command_exit=3)))
    _, end = events.of(ActionEvent)[:2]
    assert (end.ok, end.detail) == (False, "./failover.sh, exit code 3: simulated: nothing was run")
    assert events.of(RunEvent)[-1].reason == "complete"


def test_a_command_has_its_time_and_no_more() -> None:
    events = conducted(a_plan(measures=COMMAND), lambda plan, clock: FakeRoom(plan, clock, Traits(command_s=60)))
    begin, end = events.of(ActionEvent)[:2]
    assert end.t_ns - begin.t_ns == pytest.approx(NS_PER_S, rel=0.01)
    assert end.detail == "./failover.sh, killed: not done within 1 s"


def test_a_restart_waits_for_a_fault_that_holds_the_process_down_and_the_history_shows_it() -> None:
    events = conducted(a_plan(FaultCall("crash", {"down": "1s"})), FakeRoom)
    holds = [(event.phase, event.owner) for event in events.of(HoldEvent)]
    assert holds == [
        ("begin", "fault crash"),
        ("end", "fault crash"),
        ("begin", "action restart"),
        ("end", "action restart"),
    ]
    decided, (acted, _), first = events.of(DecideEvent)[0], events.of(ActionEvent), events.of(HoldEvent)[0]
    assert decided.t_ns - first.t_ns < NS_PER_S // 10
    assert acted.t_ns - first.t_ns == pytest.approx(NS_PER_S, rel=0.01)
    assert events.of(HoldEvent)[2].waited_ns == acted.t_ns - decided.t_ns
    assert len(events.of(DecideEvent)) == 1  # it waits: it does not decide again


def test_a_fault_that_is_healed_lets_go() -> None:
    events = conducted(a_plan(FaultCall("crash", {"down": "10m"})), FakeRoom)
    heal = next(event for event in events.of(HealEvent) if event.phase == "begin")
    assert events.of(ActionEvent)[0].t_ns - heal.t_ns < NS_PER_S // 10
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
