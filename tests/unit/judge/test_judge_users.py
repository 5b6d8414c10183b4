"""The load's own requests."""

from __future__ import annotations

from dataclasses import replace

from lab.drill.model import Load
from lab.history.model.events import LoadEvent
from lab.history.model.history import History
from lab.history.model.rows import Row
from lab.judge.judge import judge
from lab.judge.verdict import UserFigures
from tests.histories import STAGE, crash, cut, ns, of_load, ok, reset, stage, stream

LOAD = Load(executor="constant-vus", vus=50, request={"order": 1})


def loaded(load: list[Row]) -> History:
    begin = LoadEvent(t_ns=ns(0.1), stage=STAGE, phase="begin", planned_ns=ns(0.5))
    return crash(of=stage(load=LOAD), load=of_load(load), events=[begin])


def users(load: list[Row]) -> UserFigures:
    (found,) = judge(loaded(load)).stages
    assert found.verdict == "pass"
    assert found.users is not None
    return found.users


DOWN = {"fresh": reset, "kept": reset}


def test_users_recover_by_the_same_definition() -> None:
    """400/s, down from the injection at 5.5 until 8.6; the heal ends at 8.501."""
    found = users([*stream(0.5, 5.5, rate=400), *stream(5.5, 8.6, rate=400, **DOWN), *stream(8.6, 15, rate=400)])
    assert (found.requests, found.bad) == (5800, 1240)
    assert (found.visible_s, found.recovered_s, found.recover_s) == (5.511, 8.6, 0.099)


def test_users_who_stay_down_have_not_recovered() -> None:
    found = users([*stream(0.5, 5.5, rate=400), *stream(5.5, 15, rate=400, **DOWN)])
    assert found.visible_s is not None
    assert (found.recovered_s, found.recover_s) == (None, None)


def test_users_who_felt_nothing_have_nothing_to_recover_from() -> None:
    found = users(stream(0.5, 15, rate=400))
    assert (found.bad, found.visible_s, found.recovered_s) == (0, None, None)


def test_an_unsteady_baseline_of_the_users_is_said_not_judged() -> None:
    found = users([*stream(0.5, 5, fresh=reset), *stream(5, 15)])
    assert "not steady" in found.note


def test_users_without_a_single_request_are_told_so() -> None:
    assert users([]).requests == 0


def test_cut_requests_of_the_load_are_named() -> None:
    found = users([*stream(0.5, 14.9), cut(14.95)])
    assert (found.cut, found.outcomes["cut"]) == (1, 1)
    assert found.requests == 1440


def test_business_refusals_are_no_errors() -> None:
    assert users([ok(1.0, status=400)]).bad == 0


def test_what_breaks_in_the_microsecond_of_the_injection_is_felt() -> None:
    """A row counts in whole µs, rounded down: 0.4 µs after the injection reads as just before it."""
    broken = [replace(reset(5.48, took=0.02), due_ns=ns(5.48) - 400, vu=i) for i in range(8)]
    found = users([*stream(0.5, 5.48, rate=400), *broken, *stream(5.6, 15, rate=400)])
    assert found.visible_s is not None
