"""A runbook's steps stand in the rule that names it; what is wrong with one is told at the line of its own file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drill_texts import File, drill, problems, stage

from lab.drill.describe import describe
from lab.drill.model import Drill, Step
from lab.drill.typed import adapter, parse

RULE = "{when: errors, do: runbook, runbook: relief}"


def named(rule: str = RULE) -> str:
    return stage("measures:", f"  m: {{respond: [{rule}]}}")


def relief(*lines: str) -> dict[str, File]:
    return {"relief": File("\n".join(lines), "runbooks/relief.yaml")}


GOOD = relief(
    "about: Room, then a fresh process.",
    "steps:",
    "  - {step: make room, do: set, settings: {backlog: 2048}}",
    "  - {step: fresh process, wait: 2s, do: restart, how: graceful, until: ready}",
)
STEPS = (
    Step(step="make room", do="set", settings={"backlog": 2048}),
    Step(step="fresh process", wait=2.0, do="restart", how="graceful", until="ready"),
)


def told(text: str, runbooks: dict[str, File]) -> list[str]:
    return [str(problem).partition("\n")[0] for problem in problems(text, (), runbooks)]


def test_its_steps_are_read_into_the_rule() -> None:
    (rule,) = drill(named(), (), GOOD).stages[0].respond
    assert (rule.action, rule.steps) == ("runbook relief", STEPS)


def test_a_drill_that_was_read_needs_the_file_no_more() -> None:
    whole = drill(named(), (), GOOD)
    assert parse(Drill, adapter(Drill).dump_python(whole, mode="json")) == replace(whole)


def test_it_is_said_in_words() -> None:
    said = (
        "on alarm errors follow runbook relief: 1. make room (set backlog 2048, live); 2. fresh process (after 2s restart, with"
    )
    assert said in describe(drill(named(), (), GOOD))


def test_a_patch_may_name_another_one() -> None:
    other = {"other": File("steps: [{step: again, do: restart}]", "runbooks/other.yaml"), **GOOD}
    (rule,) = drill(named(), ["a.measures.m.respond.0.runbook=other"], other).stages[0].respond
    assert rule.steps == (Step(step="again", do="restart"),)


def test_all_problems_of_drill_and_runbook_are_told_at_once_each_in_its_file() -> None:
    wrong = relief(
        "abuot: x",
        "steps:",
        "  - {step: make room, do: set,",
        "     settings: {slots: 8}}",
        "  - {step: fresh process, do: restart,",
        "     wait: 500,",
        "     argv: [x],",
        "     bogus: 3}",
        "  - {step: people, do: nobody}",
        "  - {do: restart}",
    )
    text = stage("load: {executor: constant-vus, vus: many, request: order}", "measures:", f"  m: {{respond: [{RULE}]}}")
    assert [each.partition(", expected")[0] for each in told(text, wrong)] == [
        "d.yaml:6: stages[0].load.vus is 'many'",
        "runbooks/relief.yaml:1: unknown key 'abuot'",
        "runbooks/relief.yaml:4: setting slots cannot be changed while the target runs",
        "runbooks/relief.yaml:6: steps[1].wait: 500 is not a duration",
        "runbooks/relief.yaml:7: argv is not read by do: restart",
        "runbooks/relief.yaml:8: unknown key 'bogus' in steps[1]",
        "runbooks/relief.yaml:9: steps[2].do is 'nobody'",
        "runbooks/relief.yaml:10: steps[3].step is missing",
    ]


ALONE = [
    (
        "{when: errors, do: runbook}",
        GOOD,
        "d.yaml:7: do: runbook without a runbook, expected runbook: NAME, of runbooks/NAME.yaml",
    ),
    (RULE, {}, "d.yaml:7: no runbook is called 'relief', expected a file runbooks/relief.yaml"),
    (RULE.replace("relief", "releif"), GOOD, "d.yaml:7: no runbook is called 'releif', expected one of relief, of runbooks/"),
    ("{when: errors, do: restart, runbook: relief}", GOOD, "d.yaml:7: runbook is not read by do: restart, expected do: runbook"),
    (RULE.replace("relief}", "relief, how: graceful}"), GOOD, "d.yaml:7: how is not read by do: runbook, expected do: restart"),
    (RULE, relief("steps: []"), "runbooks/relief.yaml:1: a runbook without steps, expected steps: [{step: a name, do: restart}]"),
    (RULE, relief("- a list"), "runbooks/relief.yaml:1: the file is no mapping, expected about: and steps:"),
    (RULE, relief("steps: ["), "runbooks/relief.yaml:1: not YAML: expected the node content, but found '<stream end>'"),
    (
        RULE,
        relief("steps:", "  - {step: more, do: scale-out}"),
        "runbooks/relief.yaml:2: do: scale-out on a target that binds its own port, expected target: {listener: inherited}",
    ),
]


@pytest.mark.parametrize(("rule", "runbooks", "said"), ALONE, ids=[said for *_, said in ALONE])
def test_what_cannot_be_meant_is_one_problem(rule: str, runbooks: dict[str, File], said: str) -> None:
    (only,) = told(named(rule), runbooks)
    assert only.startswith(said)


def test_somebodys_running_service_may_be_told_by_commands_and_not_restarted() -> None:
    text = named().replace("{use: shop", "{url: http://127.0.0.1:8080, requests: {order: {get: /}}")
    drill(text, (), relief("steps: [{step: only, do: command, argv: [ls]}]"))
    (only,) = told(text, relief("steps: [{step: only, do: restart}]"))
    assert "the process of a service that the lab does not start" in only
