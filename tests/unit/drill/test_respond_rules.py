"""What a rule of the responder may say: a key that its action does not read is a mistake, with its line."""

from __future__ import annotations

import pytest
from drill_texts import FAULTS, SHOP, drill, only, problems, stage

from lab.drill.describe import describe
from lab.drill.model import Respond
from lab.drill.problems import DrillErrors
from lab.drill.reader import read


def rule(text: str) -> str:
    return stage("measures:", f"  m: {{respond: [{{when: errors, {text}}}]}}")


BROKEN = [
    ("do: nobody, how: graceful", "how is not read by do: nobody, expected do: restart"),
    ("do: set", "do: set without settings, expected settings: {backlog: 2048}"),
    (
        "do: set, settings: {slots: 8}",
        "setting slots cannot be changed while the target runs, "
        "expected one of backlog, or do: restart, which reads settings too",
    ),
    ("do: set, settings: {backlog: 0}", "backlog 0, expected 1 to 1000000"),
    ("do: set, settings: {backlog: many}", "setting backlog is 'many', expected a whole number, as its default 1024"),
    ("do: command, argv: [ls], settings: {slots: 8}", "settings is not read by do: command, expected do: restart or set"),
    ("do: restart, settings: {slots: many}", "setting slots is 'many', expected a whole number, as its default 40"),
    ("do: command", "do: command without a command, expected argv: [./failover.sh, --now]"),
    ("do: command, argv: [ls], timeout: 0s", "no time for the command, expected a duration above 0"),
    ("do: restart, argv: [ls]", "argv is not read by do: restart, expected do: command"),
    ("do: scale-out", "do: scale-out on a target that binds its own port, expected target: {listener: inherited}"),
    ("do: restart, max: 3", "max is not read by do: restart, expected do: scale-out"),
    ("do: restart, grace: 2s", "a grace for a process that is killed, expected how: graceful"),
]


@pytest.mark.parametrize(("text", "told"), BROKEN, ids=[text for text, _ in BROKEN])
def test_a_rule_that_cannot_be_meant_is_told_with_its_line(text: str, told: str) -> None:
    assert only(rule(text)) == f"d.yaml:7: {told}"


INHERITED = "{use: shop, listener: inherited"


def test_scaling_needs_a_health_port_and_at_most_so_many_workers() -> None:
    text = rule("do: scale-out, max: 1").replace("{use: shop", INHERITED)
    assert [str(each) for each in problems(text)] == [
        "d.yaml:7: at most 1 workers, expected 2 to 64",
        "d.yaml:7: do: scale-out on a target without a health port, expected target: {health_port: true}",
    ]


def test_scaling_is_read_and_said_in_words() -> None:
    text = rule("do: scale-out, max: 3}, {when: errors, do: scale-in").replace("{use: shop", f"{INHERITED}, health_port: true")
    assert "one more worker, up to 3, 5s apart" in describe(drill(text))
    assert "one worker less, 5s apart" in describe(drill(text))


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(DrillErrors, match=r"d\.yaml:7: there is no file '\./gone\.sh'"):
        read(rule("do: command, argv: [./gone.sh]"), "d.yaml", faults=FAULTS, targets={"shop": SHOP}, is_file=lambda _path: False)


WHOLE = [
    ("do: restart, how: graceful, grace: 2s", Respond(when="errors", do="restart", how="graceful", grace=2.0),
     "restart, with 2s to end by itself"),
    ("do: restart, settings: {slots: 8}", Respond(when="errors", do="restart", settings={"slots": 8}),
     "restart with slots 8"),
    ("do: set, settings: {backlog: 2048}", Respond(when="errors", do="set", settings={"backlog": 2048}),
     "set backlog 2048, live"),
    ("do: command, argv: [./fail.sh, a b], timeout: 5s",
     Respond(when="errors", do="command", argv=("./fail.sh", "a b"), timeout=5.0), "run ./fail.sh 'a b', for at most 5s"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read", "said"), WHOLE, ids=[text for text, _, _ in WHOLE])
def test_a_rule_is_read_and_said_in_words(text: str, read: Respond, said: str) -> None:
    found = drill(rule(text))
    assert found.stages[0].respond == (read,)
    assert f"on alarm errors {said} (at most" in describe(found)
