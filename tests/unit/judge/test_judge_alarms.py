"""By how much an alarm led or lagged the first bad request, as a table of literal histories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.drill.model import Alarms, Budgets, ErrorsAlarm, Load, OverflowsAlarm, QueueAlarm
from lab.history.model.events import AlarmEvent
from lab.history.model.history import History
from lab.judge.judge import judge
from lab.report.terminal import report
from tests.histories import alarm, crash, ns, refused, run, stage, stream

RULES = Alarms(errors=ErrorsAlarm(above=0.2, over=0.5), queue=QueueAlarm(above=0.5), overflows=OverflowsAlarm(over=1.0))
USERS = Load(executor="constant-arrival-rate", vus=9, rate=100.0, duration=10.0, request={"order": 1})


def outage(*events: Any, **more: Any) -> History:
    """Bad from 5.5 s on, of which ``errors`` tells 0.3 s later; the first bad request is known 1 ms after it was due."""
    return crash(of=stage(alarm=RULES), events=[each for group in events for each in group], **more)


def leads(history: History) -> list[tuple[str, float | None, int]]:
    return [(each.alarm, each.lead_s and round(each.lead_s, 2), each.raised) for each in judge(history).stages[0].alarms]


def line(history: History) -> str:
    lines = report(history, judge(history), width=200)
    return next((text.strip() for text in lines if text.strip().startswith("alarms ")), "")


def test_what_comes_after_the_first_bad_request_lags() -> None:
    assert leads(outage()) == [("errors", -0.3, 1), ("queue", None, 0), ("overflows", None, 0)]
    assert line(outage()) == "alarms       errors 300 ms after the first bad request · never: queue, overflows"


def test_the_earliest_comes_first_whichever_rule_it_is_of() -> None:
    history = outage(alarm(5.7, "queue"), alarm(5.75, "overflows"), alarm(6.5, "queue"))
    assert leads(history) == [("queue", -0.2, 2), ("overflows", -0.25, 1), ("errors", -0.3, 1)]
    (episode,) = judge(history).stages[0].episodes
    assert (episode.detected_by, episode.detect_s) == ("queue", pytest.approx(0.2, abs=0.001))


def test_what_comes_before_the_first_bad_request_leads() -> None:
    rows = [*stream(0.5, 6.0), *stream(6.0, 6.5, fresh=refused, kept=refused), *stream(6.5, 15.0)]
    late = outage(alarm(5.6, "queue"))
    history = run(rows, late.events[2:-2], end=15.0, of=late.plan.drill.stages[0])
    assert leads(history)[:2] == [("queue", 0.4, 1), ("errors", 0.2, 1)]
    assert line(history) == "alarms       queue 400 ms before the first bad request · errors 200 ms before it · never: overflows"


def test_an_alarm_of_before_the_injection_is_no_lead() -> None:
    assert leads(outage(alarm(3.0, "queue")))[0] == ("errors", -0.3, 1)


def test_where_nothing_was_bad_nothing_led() -> None:
    assert leads(outage(bad_s=0.0))[0] == ("errors", None, 1)
    assert "errors, no request was bad" in line(outage(bad_s=0.0))


def test_one_rule_alone_and_rules_that_told_nothing_have_no_line() -> None:
    assert line(crash(of=stage(alarm=Alarms(errors=ErrorsAlarm(above=0.2, over=0.5))))) == ""
    unnoticed = outage()
    events = tuple(event for event in unnoticed.events if not isinstance(event, AlarmEvent))
    assert line(replace(unnoticed, events=events)) == ""


def test_in_a_load_test_the_users_requests_count_too() -> None:
    tested = stage(judge="load", fault=None, load=USERS, alarm=RULES, within=Budgets())
    users = [*stream(0.0, 4.0), *stream(4.0, 5.0, fresh=refused)]
    history = run(stream(0.0, 10.0), alarm(3.5, "queue"), end=10.0, of=tested, load=users)
    assert leads(history)[0] == ("queue", 0.5, 1)
    assert line(history).startswith("alarms       queue 500 ms before the first bad request · never: ")


def test_the_text_is_that_of_the_first() -> None:
    said = [AlarmEvent(t_ns=ns(5.6), stage="wire", phase="begin", alarm="queue", text="queue 131 of 256 (51 %) > 50 %")]
    assert judge(outage(said)).stages[0].alarms[0].text == "queue 131 of 256 (51 %) > 50 %"
