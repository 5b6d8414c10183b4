"""When does a standing alarm act? Tables of (past actions, alarm, now) and the decision."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.drill.model import Respond
from lab.drill.units import Limit
from lab.nanoseconds import NS_PER_S
from lab.respond.rules import Act, Acted, GiveUp, Wait, decide
from lab.watch.alarms import Standing

RULE = Respond(when="errors", do="restart", limit=Limit(3, 60.0))


def at(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def alarm(since_s: float, evidence_from_s: float | None = None) -> Standing:
    return Standing("errors", at(since_s), at(since_s if evidence_from_s is None else evidence_from_s), "errors")


def done(begin_s: float, end_s: float | None) -> Acted:
    return Acted("restart", at(begin_s), None if end_s is None else at(end_s))


TABLE = [
    ("the first action is taken at once", [], alarm(10), 10, Act("restart", "errors")),
    ("nothing while an action is under way", [done(10, None)], alarm(10.1), 10.2, Wait("an action is under way")),
    (
        "an alarm about what was before the action's end waits",
        [done(10, 10.4)],
        alarm(10.5, evidence_from_s=10.0),
        10.5,
        Wait("the last action may still help"),
    ),
    (
        "but not for an action that failed: it backs off",
        [replace(done(10, 10.4), ok=False)],
        alarm(10.4, evidence_from_s=10.3),
        11.3,
        Wait("backing off"),
    ),
    (
        "and acts then, whatever the alarm is about",
        [replace(done(10, 10.4), ok=False)],
        alarm(10.4, 9.5),
        11.4,
        Act("restart", "errors"),
    ),
    ("it acts again when it still stands 5 s after", [done(10, 10.4)], alarm(10, 9.5), 15.4, Act("restart", "errors")),
    ("a new trouble backs off 1 s after the first action", [done(10, 10.4)], alarm(10.8), 11.3, Wait("backing off")),
    ("and acts then", [done(10, 10.4)], alarm(10.8), 11.4, Act("restart", "errors")),
    ("2 s after the second", [done(10, 10.4), done(11.4, 11.8)], alarm(12.0), 13.7, Wait("backing off")),
    ("and acts then, too", [done(10, 10.4), done(11.4, 11.8)], alarm(12.0), 13.8, Act("restart", "errors")),
    (
        "the limit is the end of it",
        [done(10, 10.4), done(11.4, 11.8), done(13.8, 14.2)],
        alarm(14.5),
        30,
        GiveUp("errors", "3 × restart in 60 s did not help: a person is needed"),
    ),
    (
        "what another rule has done does not count against the limit",
        [*[Acted("set", *(at(s) for s in span)) for span in ((10, 10.1), (16, 16.1), (22, 22.1))]],
        alarm(30),
        30,
        Act("restart", "errors"),
    ),
    (
        "but is backed off from",
        [Acted("set", at(10), at(10.4))],
        alarm(10.8),
        11.3,
        Wait("backing off"),
    ),
    (
        "actions older than the window are forgotten",
        [done(10, 10.4), done(11.4, 11.8), done(13.8, 14.2)],
        alarm(80),
        80,
        Act("restart", "errors"),
    ),
]


@pytest.mark.parametrize(("past", "standing", "now_s", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_decide(past: list[Acted], standing: Standing, now_s: float, expected: object) -> None:
    assert decide(RULE, standing, past, at(now_s)) == expected


OUT = Respond(when="errors", do="scale-out", max=3, cool_down=2.0, limit=Limit(3, 60.0))
IN = Respond(when="errors", do="scale-in", cool_down=2.0, limit=Limit(3, 60.0))
SCALING = [
    ("a worker is added at once", OUT, [], 10, 1, Act("scale-out", "errors")),
    ("and the next after the cool-down", OUT, [Acted("scale-out", at(10), at(10.5))], 12.4, 2, Wait("cooling down")),
    ("however old the alarm is", OUT, [Acted("scale-out", at(10), at(10.5))], 12.5, 2, Act("scale-out", "errors")),
    ("a restart is cooled down from, too", OUT, [done(10, 10.5)], 12.4, 1, Wait("cooling down")),
    (
        "but never more than the most",
        OUT,
        [Acted("scale-out", at(10), at(10.5))],
        12.5,
        3,
        GiveUp("errors", "3 workers are the most, and the alarm still stands: a person is needed"),
    ),
    (
        "its limit holds",
        replace(OUT, max=64),
        [Acted("scale-out", at(s), at(s + 0.5)) for s in (10, 13, 16)],
        20,
        4,
        GiveUp("errors", "3 × scale-out in 60 s did not help: a person is needed"),
    ),
    ("a worker is taken away", IN, [], 10, 2, Act("scale-in", "errors")),
    ("but not the last", IN, [], 10, 1, Wait("one worker is the least")),
]


@pytest.mark.parametrize(
    ("rule", "past", "now_s", "workers", "expected"), [row[1:] for row in SCALING], ids=[row[0] for row in SCALING]
)
def test_scaling(rule: Respond, past: list[Acted], now_s: float, workers: int, expected: object) -> None:
    assert decide(rule, alarm(9), past, at(now_s), workers) == expected


def test_nobody_never_acts() -> None:
    assert decide(Respond(when="errors", do="nobody"), alarm(1), [], at(100)) == Wait("people act")


@given(st.lists(st.floats(0.01, 3), min_size=1, max_size=8), st.floats(0.05, 1.0))
def test_never_more_actions_than_the_limit_in_any_window(gaps_s: list[float], takes_s: float) -> None:
    past: list[Acted] = []
    for now_s in [step * 0.25 for step in range(800)]:
        standing = alarm(now_s - min(gaps_s), now_s - min(gaps_s))
        if isinstance(decide(RULE, standing, past, at(now_s)), Act):
            past.append(done(now_s, now_s + takes_s))
    begins = [acted.begin_ns for acted in past]
    assert begins
    assert all(sum(b - at(60) < other <= b for other in begins) <= 3 for b in begins)


@given(st.floats(0.0, 3.0), st.lists(st.integers(0, 800), min_size=1, max_size=20), st.floats(0.0, 2.0))
def test_one_alarm_has_one_action_whatever_the_beats(takes_s: float, beats_ms: list[int], stands_on_s: float) -> None:
    """It is raised at 10 s, looked at whenever the loop comes by, and stands until the action has helped, and a while longer."""
    standing, past, now_s = alarm(10, evidence_from_s=9.8), list[Acted](), 10.0
    for gap_ms in beats_ms:
        if past and past[-1].end_ns is None and now_s >= 10 + takes_s:
            past[-1] = replace(past[-1], end_ns=at(10 + takes_s))
        if now_s > 10 + takes_s + stands_on_s:
            break
        if isinstance(decide(RULE, standing, past, at(now_s)), Act):
            past.append(done(now_s, None))
        now_s += gap_ms / 1000
    assert len(past) == 1


@given(st.floats(0.0, 4.99))
def test_never_two_actions_for_one_alarm_within_five_seconds(later_s: float) -> None:
    standing = alarm(10, evidence_from_s=9.5)
    assert decide(RULE, standing, [done(10, 10.4)], at(10.4 + later_s)) == Wait("the last action may still help")
