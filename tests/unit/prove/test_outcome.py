"""Verdicts, read for a claim."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lab.history.model.rows import Outcome
from lab.judge.judge import judge
from lab.judge.landed import UNLANDED, Landed
from lab.judge.verdict import BudgetFigures, Ruling
from lab.prove.outcome import outcome
from tests.unit.judge.test_judge_load import a_run, many
from tests.unit.report.verdicts import accept_queue, of_drill, of_stage


def test_a_recovery() -> None:
    found = outcome(judge(accept_queue(recovered=6.6)), None, prevents=False)
    assert (found.well, found.landed, found.unknown) == (True, True, "")
    assert found.seconds == pytest.approx(1.1, abs=0.1)
    assert 0 < found.bad < found.requests


def test_what_never_recovers() -> None:
    found = outcome(judge(accept_queue(recovered=18.0)), None, prevents=True)
    assert (found.well, found.seconds) == (False, math.inf)


def test_a_stage_that_is_unknown_says_nothing_and_why() -> None:
    verdict = of_drill(Ruling.UNKNOWN, of_stage("wire", Ruling.UNKNOWN, "skipped: needs toxiproxy"))
    assert outcome(verdict, "wire", prevents=False).unknown == "skipped: needs toxiproxy"


def test_a_fault_that_did_not_land_is_told_also_of_a_trial_that_is_unknown() -> None:
    stage = of_stage("wire", Ruling.UNKNOWN, "the fault has not landed: none of its counters moved as they must")
    for landed, told in (("no", False), ("in part", False), ("yes", True), (None, True)):
        verdict = of_drill(Ruling.UNKNOWN, replace(stage, evidence=replace(stage.evidence, landed=landed)))
        found = outcome(verdict, "wire", prevents=False)
        assert (found.landed, bool(found.unknown)) == (told, True)


@pytest.mark.parametrize(
    ("reasons", "prevents", "says_something"),
    [
        ([UNLANDED[Landed.NO]], True, True),
        ([UNLANDED[Landed.IN_PART]], True, True),
        ([UNLANDED[Landed.NO]], False, False),
        (["the stage did not end"], True, False),  # killed after the injection: nobody knows what would have come
        (["fault crash, heal: no such process"], True, False),
        ([UNLANDED[Landed.NO], "the probe was late: 30 of 1000 requests"], True, False),
    ],
)
def test_a_fault_that_nobody_felt_is_what_was_hoped_for_and_nothing_else_is(
    reasons: list[str], prevents: bool, says_something: bool
) -> None:
    stage = of_stage("wire", Ruling.UNKNOWN, *reasons)
    felt_nothing = replace(stage, evidence=replace(stage.evidence, landed="no", done="backlog 1024→16"))
    found = outcome(of_drill(Ruling.UNKNOWN, felt_nothing), "wire", prevents=prevents)
    assert (found.unknown == "") is says_something
    assert found.well


def test_who_recovers_after_its_budget_has_not_done_well() -> None:
    recovered = judge(accept_queue(recovered=6.6))
    (stage,) = recovered.stages
    for kept, well in ((True, True), (False, False), (None, True)):
        held = replace(stage, budgets={"recover": BudgetFigures(budget=1.0, value=1.1, kept=kept)})
        assert outcome(replace(recovered, stages=(held,)), None, prevents=False).well is well


def test_a_relapse_that_never_heals_is_no_short_recovery() -> None:
    verdict = judge(accept_queue(recovered=6.6))
    (stage,) = verdict.stages
    (episode,) = stage.episodes
    relapse = replace(episode, relapse=True, censored=True, recover_s=None)
    found = outcome(replace(verdict, stages=(replace(stage, episodes=(episode, relapse)),)), None, prevents=False)
    assert (found.well, found.seconds) == (False, math.inf)


def test_bad_of_a_load_test_are_its_failed_and_its_slow_requests() -> None:
    rows = [
        *many(90),
        *many(7, took_ms=1500.0),
        *many(3, outcome=Outcome.RESET, status=0),
        *many(2, status=500, outcome=Outcome.BAD_STATUS),
    ]
    found = outcome(judge(a_run(rows)), None, prevents=False)
    assert (found.bad, found.failed, found.resets, found.requests, found.load_test) == (12, 5, 3, 102, True)


def test_a_stage_that_the_drill_has_not() -> None:
    with pytest.raises(LookupError, match="has no stage 'other'"):
        outcome(judge(accept_queue()), "other", prevents=False)
