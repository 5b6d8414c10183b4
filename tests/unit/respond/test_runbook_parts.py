"""What a rule does, in parts, and what is said of a step that fails."""

from __future__ import annotations

from lab.drill.model import Respond, Step
from lab.respond.runbook import Part, parts, stopped

ROOM = Step(step="make room", do="set", settings={"backlog": 2048})
FRESH = Step(step="fresh process", do="restart", wait=2.0, until="ready")
RUNBOOK = Respond(when="errors", do="runbook", runbook="relief", steps=(ROOM, FRESH))


def test_an_action_is_its_own_only_part() -> None:
    rule = Respond(when="errors", do="restart")
    assert parts(rule) == (Part("restart", "restart", rule),)


def test_a_runbook_has_a_part_for_each_step_with_its_number() -> None:
    assert parts(RUNBOOK) == (
        Part("runbook relief 1/2 make room", "set", ROOM, left=1),
        Part("runbook relief 2/2 fresh process", "restart", FRESH, wait_s=2.0, until_ready=True),
    )


def test_where_nobody_acts_there_is_none() -> None:
    assert parts(Respond(when="errors", do="nobody")) == ()


def test_a_failed_step_says_on_its_first_line_what_is_left_out() -> None:
    first, last = parts(RUNBOOK)
    assert stopped(first, "no\nits log") == "no; the runbook stops here, with 1 more step not taken\nits log"
    assert stopped(last, "no") == "no"
