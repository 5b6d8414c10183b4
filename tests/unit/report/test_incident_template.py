"""Templates: what they print cannot break the document, and what is wrong in one is told with its line."""

from __future__ import annotations

import re

import pytest

from lab.history.model.events import AlarmEvent
from lab.judge.verdict import Ruling
from lab.report.incident.render import TemplateWrong, environment, one_line
from lab.report.incident.words import LANGUAGES, words
from tests.histories import STAGE, crash, ns
from tests.unit.docs.pages import codes, text_of
from tests.unit.report.incidents import document


def test_text_of_a_target_cannot_break_a_table() -> None:
    hostile = "a | b\n|---|\n<script> [x](http://y) `z` \x1b[31m"
    text = document(crash(events=[AlarmEvent(t_ns=ns(5.9), stage=STAGE, phase="begin", alarm="errors", text=hostile)]))
    row = next(line for line in text.splitlines() if "script" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 4
    assert r"a \| b / \|---\| / \<script\> \[x\](http://y) \`z\`" in row
    assert "\x1b" not in text


def test_a_code_span_cannot_be_ended_by_its_text() -> None:
    assert document(crash(), text="{{ 'a`b|c' | code }}") == "`a'b\\|c`\n"


def test_lines_of_a_log_become_one() -> None:
    assert one_line("it ended:\r\n  Traceback\n\n  boom\n") == "it ended: / Traceback / boom"
    assert one_line(", ") == ", "


def test_a_template_of_the_teams_own_gets_the_same_facts() -> None:
    text = "{{ incident.drill }}: {% for outage in incident.outages %}{{ outage.detected.since_s | duration }}{% endfor %}"
    assert document(crash(), text=text) == "literal: 300 ms\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("one\n{% if %}", "ko.md.j2:2: Expected an expression, got 'end of statement block'"),
        ("one\n\n{{ incident.dril }}", "ko.md.j2:3: 'lab.report.incident.model.Incident object' has no attribute 'dril'"),
        ("{{ nobody }}", "ko.md.j2:1: 'nobody' is undefined"),
        ("\n{{ 3 | nofilter }}", "ko.md.j2:2: No filter named 'nofilter'."),
        ("\n{{ 'a' | duration }}", "ko.md.j2:2: TypeError: "),
        (
            "\n{{ incident.outages[0].first.bad_seconds_after_action }}",
            "ko.md.j2:2: TypeError: a value that the run did not record is printed",
        ),
        ("{{ incident.__class__.__mro__ }}", "ko.md.j2:1: "),
        ("\n{{ 'x' | word('nosuch') }}", "ko.md.j2:2: KeyError: 'nosuch'"),
        ("\n{% include 'other' %}", "ko.md.j2:2: TypeError: no loader"),
    ],
)
def test_a_template_with_an_error_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(TemplateWrong) as wrong:
        document(crash(), "ko", text)
    assert str(wrong.value).startswith(told)


def test_a_kind_without_a_word_is_called_by_its_name() -> None:
    assert words("en").of("defragment", "actions") == "defragment"


def test_every_language_has_the_same_words() -> None:
    tables = {language: words(language)._tables for language in LANGUAGES}
    keys = {language: {name: set(table) for name, table in found.items()} for language, found in tables.items()}
    assert keys["en"] == keys["ko"]


def test_every_outcome_ruling_and_state_has_a_word() -> None:
    from lab.drill.model.measure import AlarmName
    from lab.history.model.rows import Outcome
    from lab.report.incident.story import TARGET_STATES

    tables = words("en")._tables
    assert {outcome.name.lower() for outcome in Outcome} == set(tables["outcomes"])
    assert set(Ruling) == set(tables["rulings"])
    assert set(AlarmName.__args__) <= set(tables["alarms"])  # type: ignore[attr-defined]
    assert {f"target {state}" for state in TARGET_STATES} <= set(tables["events"])


def test_the_page_names_every_filter_and_table() -> None:
    import jinja2

    ours = set(environment(words("en")).filters) - set(jinja2.Environment().filters)
    page = codes(text_of("incident.md"))
    assert ours <= {*page, *("word", "count")}
    assert set(words("en")._tables) - {"events", "events_bare"} <= set(page)
