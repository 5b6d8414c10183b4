"""Our six executors against the real k6: the same plans, the same counting server, one side after the other.

Which user takes which of the shared iterations, and the instant of a start to the millisecond, are chance on both sides; how many
start, finish, are dropped or cut is not, by the choice of the plans (``benchmarks/against_k6/plans.py`` says how).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks.against_k6.compared import Pair
from benchmarks.against_k6.measured import TooBusy
from benchmarks.against_k6.plans import PLANS, Plan
from benchmarks.against_k6.rounds import one_round
from lab.load import find_k6
from tests.required import lacks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
]  # a round takes 30 s, on a busy machine three times so long, and up to three times


@pytest.fixture(scope="module")
def pairs() -> Mapping[str, Pair]:
    try:
        k6 = find_k6.find()
    except find_k6.NotFound:
        lacks("k6")
    try:
        return one_round(str(k6), PLANS, print)
    except TooBusy:
        lacks("a machine that keeps time")


every_plan = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)


@every_plan
def test_as_many_start_finish_are_dropped_and_are_cut_as_with_k6(plan: Plan, pairs: Mapping[str, Pair]) -> None:
    pair = pairs[plan.name]
    assert pair.ours.counts == pair.k6s.counts == plan.expected


@every_plan
def test_starts_per_second_are_k6s_within_2_percent(plan: Plan, pairs: Mapping[str, Pair]) -> None:
    assert abs(pairs[plan.name].rate_off) <= 0.02


@every_plan
def test_each_start_is_where_k6s_is(plan: Plan, pairs: Mapping[str, Pair]) -> None:
    """So the starts are within 2 % in every second too, and not only in the end: what is left over is a process's own start."""
    pair = pairs[plan.name]
    assert pair.far_apart == (), (pair.ours.starts_s, pair.k6s.starts_s)


@every_plan
def test_what_is_cut_is_cut_when_k6_cuts_it(plan: Plan, pairs: Mapping[str, Pair]) -> None:
    pair = pairs[plan.name]
    assert pair.ours.cuts_s == pytest.approx(pair.k6s.cuts_s, abs=0.05)
