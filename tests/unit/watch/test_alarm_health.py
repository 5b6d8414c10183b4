"""``health`` as a table of answers, one every 100 ms: ``+`` good, ``-`` none in time, ``l`` not told for our own lateness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.drill.model import HealthAlarm
from lab.history.model.events import HealthEvent
from lab.nanoseconds import NS_PER_MS
from lab.watch.alarms import HealthRule, Standing

EVERY_MS, TOOK_MS = 100, {"+": 3, "-": 80, "l": 190}


def answer(number: int, how: str) -> HealthEvent:
    asked_ms = number * EVERY_MS
    said = "" if how == "+" else "timeout"
    return HealthEvent(asked_ns=asked_ms * NS_PER_MS, t_ns=(asked_ms + TOOK_MS[how]) * NS_PER_MS, said=said, late=how == "l")


def told(answers: str, misses: int = 2) -> Standing | None:
    rule = HealthRule(HealthAlarm(misses=misses))
    for number, how in enumerate(answers):
        rule.add(answer(number, how))
    return rule.standing(len(answers) * EVERY_MS * NS_PER_MS)


@pytest.mark.parametrize(
    ("answers", "stands"),
    [
        ("", False),
        ("+++", False),
        ("-", False),
        ("+-", False),
        ("+--", True),
        ("-+-", False),
        ("+--+", False),
        ("+--+--", True),
        ("-l-", True),  # what tells nothing does not break the row
        ("-ll", False),  # nor does it lengthen it
        ("--l", True),
    ],
)
def test_so_many_in_a_row_raise_it_and_one_good_answer_ends_it(answers: str, stands: bool) -> None:
    assert (told(answers) is not None) is stands


def test_it_is_raised_by_the_answer_that_is_one_too_many_and_is_about_all_from_the_first_missed_on() -> None:
    alarm = told("++----")
    assert alarm is not None
    assert alarm.alarm == "health"
    assert alarm.evidence_from_ns == 200 * NS_PER_MS
    assert alarm.since_ns == 380 * NS_PER_MS
    assert alarm.text == "health 4 × no good answer in 80ms (timeout)"


@given(st.text("+-l"), st.integers(1, 4))
def test_it_stands_exactly_while_the_last_told_answers_were_bad(answers: str, misses: int) -> None:
    last = answers.replace("l", "").rpartition("+")[2]
    assert (told(answers, misses) is not None) is (len(last) >= misses)
