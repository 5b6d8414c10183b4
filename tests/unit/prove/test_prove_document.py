"""An incident document is read the same in every language, and each of its parts with its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from incident_texts import DOCUMENTS, FILE, FLAWLESS, INCIDENTS, changed, incident

from lab.drill.problems import DrillErrors
from lab.prove.body import read_body, seconds
from lab.prove.claims import Arm, Claim
from lab.prove.document import Incident, parse, understood
from lab.prove.words import WORDS

PAIRS = sorted({name.split(".")[0] for name in DOCUMENTS})


def read(name: str) -> Incident:
    return parse((INCIDENTS / name).read_text(encoding="utf-8"), name)


def without_words(document: Incident) -> dict[str, Any]:
    """What an incident document says, less what is said in a language: texts, headings, and the lines where they stand."""
    body = document.body
    return {
        "incident": (document.name, document.expires),
        "claims": [replace(claim, claim="", only_if="") for claim in document.claims],
        "said": [bool(claim.claim) for claim in document.claims],
        "sections": [(section.name, [item.names for item in section.items]) for section in body.sections],
        "timeline": [(row.at_s, row.mark) for row in body.timeline],
        "clocks": [clock.at_s if clock else None for clock in (body.detected, body.ended)],
    }


@pytest.mark.parametrize("name", PAIRS)
def test_both_languages_say_the_same(name: str) -> None:
    english, korean = read(f"{name}.md"), read(f"{name}.ko.md")
    assert (english.body.language, korean.body.language) == ("en", "ko")
    assert without_words(english) == without_words(korean)
    assert {claim.claim for claim in english.claims}.isdisjoint(claim.claim for claim in korean.claims)


def test_the_words_of_a_language_are_each_for_one_thing() -> None:
    for words in WORDS.values():
        assert len({*words.headings.values()}) == 8
        assert len({*words.marks.values()}) == len(words.marks)
        assert words.detected != words.ended


def test_the_incident_of_the_case_is_read_whole() -> None:
    body = read("conn-reset.md").body
    assert [section.name for section in body.sections] == list(WORDS["en"].headings)
    assert [row.at_s for row in body.timeline] == [0, 30, 60, 131, 165, 180]
    assert [row.mark for row in body.timeline] == ["start", "alarm", "passed on", "action", "recovered", "end"]
    assert body.detected is not None
    assert body.ended is not None
    assert (body.detected.at_s, body.ended.at_s) == (seconds("23:45:12"), seconds("23:47:12"))


def test_every_part_knows_its_line() -> None:
    document = incident()
    body = document.body
    assert document.quote(body.sections[1].line) == "## Detection and end time"
    assert body.detected is not None
    assert document.quote(body.detected.line) == "- Detected: 23:45:12"
    assert [document.quote(row.line) for row in body.timeline][3] == "| 00:02:45 | recovered | it is over |"
    assert [document.quote(item.line) for item in body.sections[6].items] == ["1. It was restarted: `restart`"]


def test_a_claim_is_what_its_keys_say() -> None:
    restart = Claim(id="restart", claim="a restart heals it", drill="shop", stage="queue", without=Arm(without=("auto-restart",)))
    document = incident()
    assert document.claims[1] == restart
    assert document.claims[0].with_ == Arm(set={"queue.lasts": "9s"})
    assert (document.name, document.expires, document.body.title) == ("shop-down", date(2027, 6, 30), "The shop was down")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## Cause", "## 5. cause"),
        ("## Cause", "## Cause ##"),
        ("## Cause", "Cause\n---"),
        ("- Detected:", "- **Detected:**"),
        ("- Detected:", "- Detected："),
        ("- Detected: 23:45:12\n", "- Detected: 2026-03-14 23:45:12 KST\n"),
        ("| alarm |", "| Alarm |"),
        ("- It is restarted by itself: `restart`", "- It is restarted\n  by itself: `restart`"),
    ],
)
def test_ways_of_writing_it_that_mean_the_same(old: str, new: str) -> None:
    assert without_words(incident((old, new))) == without_words(incident())


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    assert parse("\ufeff" + FLAWLESS.replace("\n", "\r\n"), FILE) == parse(FLAWLESS, FILE)


def test_a_table_or_a_time_in_another_section_is_not_the_timeline() -> None:
    stray = "Detected: 01:00:00\n\n| at | mark | event |\n|---|---|---|\n| 09:00:00 | alarm | x |\n"
    body = incident(("It was down.", stray)).body
    assert body.timeline[0].at_s == 0
    assert body.detected is not None
    assert body.detected.at_s == seconds("23:45:12")


def test_a_heading_in_a_code_block_is_none() -> None:
    assert read_body("## Summary\n\n```\n## Cause\n```\n").sections[-1].name == "summary"


@pytest.mark.parametrize("text", ["00:60:00", "00:00:60", "1:00:00", "00:00", "", "soon"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert seconds(text) is None


# What is wrong with the front matter ---------------------------------------------------------------------------------


def problems(*changes: tuple[str, str]) -> list[str]:
    with pytest.raises(DrillErrors) as raised:
        incident(*changes)
    return [str(each) for each in raised.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "---\nincident",
            "incident",
            f"{FILE}:1: no front matter, expected incident:, expires: and claims: between two lines of ---",
        ),
        ("\n---\n# ", "\n# ", f"{FILE}:1: the front matter has no end, expected incident:, expires: and claims: between two"),
        ("incident: shop-down\n", "", f"{FILE}:2: incident is missing, expected text"),
        ("2027-06-30", "soon", f"{FILE}:3: expires: 'soon' is not a day, expected a day such as 2027-06-30"),
        ("2027-06-30", "20270630", f"{FILE}:3: expires: 20270630 is not a day, expected a day such as 2027-06-30"),
        ("expires:", "expire:", f"{FILE}:3: unknown key 'expire', expected one of claims, expires, incident"),
        ("kind: cause", "kind: reason", f"{FILE}:6: claim full-queue: kind is 'reason', expected one of cause, measure"),
        ("    drill: shop\n", "", f"{FILE}:5: claim full-queue: drill is missing, expected text"),
        ("id: restart", "id: 7", f"{FILE}:11: claim 7: id is 7, expected text"),
        ("with: {set", "with: {sets", f"{FILE}:10: claim full-queue: unknown key 'sets' in with, expected one of set, without"),
        ("with: {set: {queue.lasts: 9s}}", "with: [", f"{FILE}:11: not YAML"),
    ],
)
def test_a_problem_of_the_front_matter_is_told_with_its_line(old: str, new: str, problem: str) -> None:
    assert any(each.startswith(problem) for each in problems((old, new))), problems((old, new))


def test_claims_that_are_none() -> None:
    head, _, rest = FLAWLESS.partition("claims:\n")
    body = rest[rest.index("---\n") :]
    for claims in ("", "claims:\n", "claims: []\n", "claims: {}\n"):
        _, found = understood(head + claims + body, FILE)
        assert [each.what for each in found] == ["no claims"]
    _, found = understood(head + "claims: [soon]\n" + body, FILE)
    assert [str(each) for each in found] == [
        f"{FILE}:4: claim 1: no mapping, expected id:, claim:, drill:, without: and with:",
    ]


def test_all_problems_at_once_and_the_right_claims_are_kept() -> None:
    text = changed(("2027-06-30", "soon"), ("kind: cause", "kind: reason"), ("drill: shop", "drill: 7"))
    document, found = understood(text, FILE)
    assert [each.line for each in found] == [3, 6, 8]
    assert [entry.at for entry in document.entries] == [("claims", 1)]
    assert document.claims[0].id == "restart"
