"""What a claim says must be there to be run: its drill, the stage, the measures, two arms that differ."""

from __future__ import annotations

import re

import pytest
from incident_texts import DOCUMENTS, FILE, FLAWLESS, INCIDENTS, changed, incident, read_drill

from lab import catalogue
from lab.prove.claims import Arm
from lab.prove.document import parse, understood
from lab.prove.rules import broken, patches


def problems(*changes: tuple[str, str]) -> list[str]:
    return [str(each) for each in broken(incident(*changes), read_drill)]


def test_nothing_is_wrong_with_claims_that_can_be_run() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("drill: shop", "drill: shops", ":8: claim full-queue: no drill is called 'shops', expected one of shop, or a path"),
        (
            "stage: queue",
            "stage: queues",
            ":9: claim full-queue: drill shop has no stage 'queues', expected one of later, queue, wire",
        ),
        (
            "    stage: queue\n",
            "",
            ":5: claim full-queue: no stage, and drill shop has 3, expected stage: one of later, queue, wire",
        ),
        (
            "    stage: queue\n    with: {set",
            "    stage: queue\n    compare: resets\n    with: {set",
            ":10: claim full-queue: compares resets, and stage queue of drill shop is no load test, "
            "expected one of bad, recovered, time",
        ),
        (
            "without: [auto-restart]",
            "without: [restart]",
            ":15: claim restart: --without restart: drill shop has no such measure, expected one of auto-restart",
        ),
        (
            "{queue.lasts: 9s}",
            "{queues.lasts: 9s}",
            ":10: claim full-queue: --set queues.lasts: no stage and no key of a drill is called 'queues', expected one of ",
        ),
        ("id: restart", "id: a/b", ":11: claim id 'a/b', expected letters, digits, - and _, at most 64"),
        ("id: restart", "id: full-queue", ":11: claim id 'full-queue' stands twice, expected another: the first is in line 5"),
        (
            "    without: {without",
            "    expect: holds only if\n    without: {without",
            ":11: claim restart: without only_if, expected expect: holds only if, and only_if: what it depends on",
        ),
        (
            "    without: {without",
            "    only_if: it rains\n    without: {without",
            ":11: claim restart: with only_if, but expect: held",
        ),
    ],
)
def test_a_claim_that_cannot_be_run(old: str, new: str, problem: str) -> None:
    (found,) = problems((old, new))
    assert found.startswith(FILE + problem)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("    without: {without: [auto-restart]}\n", "", "restart: its arms are the same in stage queue"),
        ("queue.lasts: 9s", "queue.lasts: 3.0", "full-queue: its arms are the same in stage queue"),
        ("queue.lasts: 9s", "later.lasts: 9s", "full-queue: its arms are the same in stage queue"),
        ("queue.lasts: 9s", "wire.lasts: 9s", "full-queue: its arms are the same in stage queue"),
    ],
    ids=["nothing-in-either", "a-patch-that-changes-nothing", "a-patch-after-the-stage", "a-patch-before-it"],
)
def test_equal_arms_compare_nothing(old: str, new: str, where: str) -> None:
    (found,) = problems((old, new))
    assert f"claim {where}: nothing is compared" in found


def test_a_drill_that_is_wrong_is_told_beside_the_claim_once() -> None:
    found = problems(
        ("drill: shop", "drill: broken"), ("drill: shop\n    stage: queue\n    without", "drill: broken\n    without")
    )
    assert [each.partition(",")[0] for each in found] == [
        f"{FILE}:8: claim full-queue: drill 'broken' cannot be read",
        f"{FILE}:13: claim restart: drill 'broken' cannot be read",
        "broken.yaml:7: unknown key 'vus'",
    ]


def test_all_problems_at_once_those_of_the_form_too() -> None:
    text = changed(("2027-06-30", "soon"), ("stage: queue", "stage: queues"), ("[auto-restart]", "[restart, redo]"))
    document, form = understood(text, FILE)
    assert [each.line for each in form + broken(document, read_drill)] == [3, 9, 15, 15]


def test_the_id_of_a_claim_that_is_wrong_otherwise_is_looked_at_too() -> None:
    document, form = understood(changed(("kind: cause", "kind: reason"), ("id: restart", "id: full-queue")), FILE)
    assert [each.line for each in form] == [6]
    assert [str(each) for each in broken(document, read_drill)] == [
        f"{FILE}:11: claim id 'full-queue' stands twice, expected another: the first is in line 5"
    ]


def test_a_patch_is_written_as_a_person_types_it() -> None:
    assert patches(Arm(set={"a.lasts": "3s", "a.target.backlog": 8, "a.target.defer_accept": True})) == (
        "a.lasts=3s",
        "a.target.backlog=8",
        "a.target.defer_accept=true",
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_claims_of_our_own_documents_can_be_run(name: str) -> None:
    path = INCIDENTS / name
    assert broken(parse(path.read_text(encoding="utf-8"), str(path)), catalogue.read_drill) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [("my/own.yaml", "my/own.yaml: No such file"), (".yaml", ".yaml: No such file"), (r'"a/\0"', "embedded null byte")],
)
def test_a_path_that_leads_nowhere_is_no_drill(path: str, said: str) -> None:
    document = parse(FLAWLESS.replace("drill: shop", f"drill: {path}"), FILE)
    assert str(broken(document, catalogue.read_drill)[0]).startswith(f"{FILE}:8: claim full-queue: {said}")


def test_what_a_patch_makes_wrong_elsewhere_is_told_with_that_line() -> None:
    document = parse(
        FLAWLESS.replace("drill: shop", "drill: conn-reset").replace("queue.lasts: 9s", "wire-resets.lane: direct"), FILE
    )
    (found,) = (str(each) for each in broken(document, catalogue.read_drill) if each.line == 10)
    assert re.match(rf"{FILE}:10: claim full-queue: conn-reset.yaml \(built in\):\d+: fault reset_peer works in the proxy", found)
