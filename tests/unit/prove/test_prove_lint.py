"""Each rule of the lint has a document in which it fires, and one in which it does not."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from incident_texts import FILE, INCIDENTS, TODAY, incident, without_section

from lab.prove.document import parse
from lab.prove.lint import EXPIRED, RULES, Flaw, flaws
from lab.prove.words import WORDS

HEADINGS = list(WORDS["en"].headings.values())
CONTRADICTION = "120 s between its two clock times, 135 s from alarm to recovery in its timeline, 150 s to its reported end"


def found(*changes: tuple[str, str]) -> list[tuple[str, str]]:
    return [(flaw.rule, flaw.what) for flaw in flaws(incident(*changes), TODAY)]


def test_a_document_without_a_flaw() -> None:
    assert found() == []


FIRES = [
    ("contradiction", "23:47:27", "23:47:12", CONTRADICTION),
    ("contradiction", "23:47:27", "23:47:25", CONTRADICTION.replace("120", "133")),
    ("sections", "## Cause", "## Reasons", "no section 'Cause'"),
    ("sections", "It was down.\n", "", "nothing stands under 'Summary'"),
    ("times", "- Detected: 23:45:12\n", "", "no line begins with 'Detected' and a time"),
    ("times", "23:47:27", "about midnight", "'Ended' is followed by no time of day (23:45:12)"),
    ("times", "23:47:27", "24:00:00", "'Ended' is followed by no time of day (23:45:12)"),
    ("timeline", "00:01:00", "later", "a row without a time (00:02:45)"),
    ("timeline", "| start |", "| begin |", "mark 'begin', expected one of action, alarm, end, passed on, recovered, start"),
    ("timeline", "| recovered |", "| |", "no row is marked 'recovered'"),
    ("timeline", "| 00:01:00 | |", "| 00:01:00 | alarm |", "2 rows are marked 'alarm'"),
    ("order", "00:01:00", "00:00:20", "the timeline goes back by 10 s"),
    ("order", "| start |", "| passed on |", "'alarm' stands after 'passed on'"),
    ("unproven", ": `full-queue`", "", "a cause without a drill: it names no claim"),
    ("unproven", "It was restarted: `restart`", "It was restarted: `rest`", "a measure without a drill: there is no claim rest"),
    ("unproven", "by itself: `restart`", "by itself", "a measure without a drill: it names no claim"),
    ("unsaid", "`full-queue`", "`restart`", "claim full-queue is named by no cause and no measure of the text"),
    ("expired", "2027-06-30", "2026-12-31", "it expired on 2026-12-31: is it still true?"),
]


@pytest.mark.parametrize(("rule", "old", "new", "what"), FIRES)
def test_a_rule_fires(rule: str, old: str, new: str, what: str) -> None:
    assert (rule, what) in found((old, new))


def test_every_rule_has_such_a_document() -> None:
    assert {rule for rule, *_ in FIRES} == {*RULES, EXPIRED}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("23:47:27", "23:47:26"),  # cut to whole seconds, both are right
        ("23:47:27", "23:47:42"),  # to the reported end
        ("23:45:12\n- Ended: 23:47:27", "23:59:00\n- Ended: 00:01:15"),
        ("00:01:00", "00:00:30"),
        ("| 00:01:00 | |", "| 00:01:00 | passed on |"),
        ("2027-06-30", TODAY.isoformat()),
        ("All.\n", "- All, by the way\n"),
    ],
    ids=["a-second", "reported-end", "over-midnight", "the-same-second", "another-mark", "its-last-day", "no-measure"],
)
def test_a_rule_does_not_fire(old: str, new: str) -> None:
    assert found((old, new)) == []


@pytest.mark.parametrize("heading", HEADINGS)
def test_each_of_the_eight_sections_is_missed_and_by_name_alone(heading: str) -> None:
    document = parse(without_section(heading), FILE)
    rules = {flaw.rule: flaw.what for flaw in flaws(document, TODAY)}
    assert rules.pop("sections") == f"no section {heading!r}"
    assert rules.keys() <= {"unsaid"}  # claims that stood in the section


def test_what_is_missing_makes_no_contradiction() -> None:
    for change in (("23:47:27", "soon"), ("00:00:30 | alarm", "soon | alarm")):
        assert "contradiction" not in {rule for rule, _ in found(("23:45:12", "23:45:00"), change)}


def test_without_a_row_for_the_recovery_the_reported_end_counts() -> None:
    told = dict(found(("| recovered |", "| |"), ("23:47:27", "23:47:12")))
    assert told["contradiction"] == "120 s between its two clock times, 150 s from alarm to its reported end"


@pytest.mark.parametrize(("name", "labels"), [("conn-reset.md", "Detected|Ended"), ("conn-reset.ko.md", "탐지|종료")])
def test_the_document_of_the_case_contradicts_itself_and_is_quoted(name: str, labels: str) -> None:
    document = parse((INCIDENTS / name).read_text(encoding="utf-8"), name)
    (flaw,) = (each for each in flaws(document, TODAY) if each.rule != "unproven")
    assert flaw == Flaw("contradiction", CONTRADICTION, flaw.lines)
    quotes = [document.quote(line) for line in flaw.lines]
    assert all(re.match(rf"- ({labels}): 23:4[57]:12$", quote) for quote in quotes[:2])
    assert [quote[2:10] for quote in quotes[2:]] == ["00:00:30", "00:02:45", "00:03:00"]


def test_a_document_expires_the_day_after_its_last() -> None:
    document = incident()
    last = date(2027, 6, 30)
    assert flaws(document, last) == []
    (flaw,) = flaws(document, last + timedelta(days=3))
    assert (flaw.rule, document.quote(flaw.lines[0])) == (EXPIRED, "expires: 2027-06-30")
