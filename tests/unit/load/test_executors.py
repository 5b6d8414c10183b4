"""Plans of users and arrivals, as tables and properties; and every problem of a load, at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.drill.model import Load, Ramp
from lab.load import executors
from lab.load.executors.schedule import FOREVER_NS, Closed, Life, Open, cuts
from lab.nanoseconds import NS_PER_MS, NS_PER_S

CONSTANT = Load(executor="constant-vus", vus=10, request={"order": 1})
SHARED = Load(executor="shared-iterations", vus=300, iterations=300, max_duration=30.0, request={"order": 1})
EACH = replace(SHARED, executor="per-vu-iterations", iterations=3)
ARRIVALS = Load(executor="constant-arrival-rate", vus=10, rate=100.0, duration=1.0, request={"order": 1})
some = settings(max_examples=60, deadline=None)


def ramping(*ramp: tuple[float, float], **more: Any) -> Load:
    return Load(executor="ramping-vus", ramp=tuple(Ramp(over=o, to=t) for o, t in ramp), **{"request": {"order": 1}, **more})


def rising(*ramp: tuple[float, float], **more: Any) -> Load:
    return replace(ramping(*ramp), executor="ramping-arrival-rate", vus=10, **more)


def closed(load: Load, shard: int = 0, shards: int = 1) -> Closed:
    plan = executors.plan(load, shard, shards)
    assert isinstance(plan, Closed)
    return plan


def due_ms(load: Load, shard: int = 0, shards: int = 1) -> list[float]:
    plan = executors.plan(load, shard, shards)
    assert isinstance(plan, Open)
    return [round(due_ns / NS_PER_MS, 3) for due_ns in plan.arrivals]


def users_at(plan: Closed, t_s: float) -> int:
    return sum(any(life.begin_ns <= t_s * NS_PER_S < life.end_ns for life in lives) for lives in plan.lives.values())


# Closed loops


@given(vus=st.integers(1, 500), shards=st.integers(1, 9), more=st.integers(0, 1000))
@some
def test_shards_share_out_every_user_and_every_iteration_once(vus: int, shards: int, more: int) -> None:
    plans = [closed(replace(SHARED, vus=vus, iterations=vus + more), shard, shards) for shard in range(shards)]
    assert sorted(vu for plan in plans for vu in plan.lives) == list(range(vus))
    counters = [plan.shared or 0 for plan in plans]
    assert sum(counters) == vus + more
    assert all(counter >= len(plan.lives) for counter, plan in zip(counters, plans, strict=True))
    for sizes in (counters, [len(plan.lives) for plan in plans]):
        assert max(sizes) - min(sizes) <= 1


def test_constant_vus_run_as_long_as_their_stage_or_their_duration() -> None:
    assert set(closed(CONSTANT).lives.values()) == {(Life(0, FOREVER_NS, FOREVER_NS),)}
    timed = closed(replace(CONSTANT, duration=60.0, graceful_stop=5.0))
    assert set(timed.lives.values()) == {(Life(0, 60 * NS_PER_S, 65 * NS_PER_S),)}


def test_iterations_end_with_their_duration() -> None:
    assert closed(SHARED).shared == 300
    assert set(closed(SHARED).lives.values()) == {(Life(0, 30 * NS_PER_S, 60 * NS_PER_S),)}


def test_each_user_has_iterations_of_its_own() -> None:
    plan = closed(EACH)
    assert (plan.each, plan.shared, plan.planned) == (3, None, 900)
    assert closed(EACH, 1, 4).planned == 225


def test_on_the_way_up_a_user_begins_when_the_line_reaches_it() -> None:
    plan = closed(ramping((4.0, 5), start_vus=1))
    assert [lives[0].begin_ns / NS_PER_S for lives in plan.lives.values()] == [0, 1, 2, 3, 4]


def test_on_the_way_down_a_user_ends_when_the_line_has_left_it() -> None:
    """From 4 to 0 in 4 s: the fourth goes at 1 s, when the line is at 3; the first at the end."""
    plan = closed(ramping((4.0, 0), start_vus=4, graceful_ramp_down=0.5))
    assert [lives[0].end_ns / NS_PER_S for lives in plan.lives.values()] == [4, 3, 2, 1]
    assert [lives[0].cut_ns / NS_PER_S for lives in plan.lives.values()] == [4.5, 3.5, 2.5, 1.5]


def test_a_ramp_within_no_time_jumps() -> None:
    plan = closed(ramping((0.0, 3), (2.0, 3), (0.0, 1), (1.0, 1), start_vus=0))
    assert [lives[0].end_ns / NS_PER_S for lives in plan.lives.values()] == [3, 2, 2]
    assert {lives[0].begin_ns for lives in plan.lives.values()} == {0}


def test_a_user_that_is_wanted_again_lives_again() -> None:
    plan = closed(ramping((1.0, 1), (1.0, 2), (1.0, 1), start_vus=2))
    assert [(life.begin_ns / NS_PER_S, life.end_ns / NS_PER_S) for life in plan.lives[1]] == [(0, 1), (2, 3)]


def test_an_iteration_that_is_wanted_again_is_cut_with_the_life_that_it_goes_on_into() -> None:
    lives = (Life(0, 10, 30), Life(20, 40, 50), Life(60, 70, 90))
    assert cuts(lives) == (50, 50, 90)
    assert cuts((Life(0, 10, 15), Life(20, 40, 50))) == (15, 50)
    assert cuts(()) == ()


def test_no_grace_of_a_ramp_outlasts_the_grace_of_the_end() -> None:
    plan = closed(ramping((2.0, 1), start_vus=3, graceful_ramp_down=30.0, graceful_stop=1.0))
    assert {life.cut_ns for lives in plan.lives.values() for life in lives} == {3 * NS_PER_S}


ramps = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 2.0, 10.0]), st.integers(0, 40)), min_size=1, max_size=5)


@given(ramp=ramps, start=st.integers(0, 30), shards=st.integers(1, 4))
@some
def test_a_ramp_hits_its_targets_and_never_leaves_its_line_by_a_whole_user(
    ramp: list[tuple[float, int]], start: int, shards: int
) -> None:
    load = ramping(*ramp, start_vus=start)
    if executors.validate(load):
        return
    plans = [closed(load, shard, shards) for shard in range(shards)]
    at, line = 0.0, float(start)
    for over, to in ramp:
        for share in (0.25, 0.5, 0.75):
            if over:
                there = sum(users_at(plan, at + over * share + 1e-6) for plan in plans)
                assert abs(there - (line + (to - line) * share)) < 1
        at, line = at + over, float(to)


# Arrivals


def test_a_constant_rate_begins_at_0_and_is_due_by_its_number() -> None:
    assert due_ms(ARRIVALS)[:4] == [0, 10, 20, 30]
    assert len(due_ms(ARRIVALS)) == 100
    assert due_ms(replace(ARRIVALS, rate=3.0)) == [0, 333.333, 666.667]


def test_a_rising_rate_begins_when_a_whole_iteration_has_accumulated() -> None:
    """From 0 to 10/s within 10 s: area t²/2, so iteration i is due at √2i."""
    assert due_ms(rising((10.0, 10)))[:3] == [1414.214, 2000.0, 2449.49]
    assert len(due_ms(rising((10.0, 10)))) == 50


def test_a_steady_line_is_as_even_as_a_constant_rate_one_step_later() -> None:
    assert due_ms(rising((1.0, 5), start_rate=5.0)) == [200, 400, 600, 800, 1000]


def test_a_jump_of_the_rate_has_no_length() -> None:
    assert due_ms(rising((1.0, 2), (0.0, 4), (1.0, 4), start_rate=2.0)) == [500, 1000, 1250, 1500, 1750, 2000]


def test_what_a_line_leaves_over_goes_on_into_the_next() -> None:
    """1.5 iterations in the first second: the second of them is due 0.25 s into the next, at 2/s."""
    assert due_ms(rising((1.0, 1.5), (0.0, 2), (1.0, 2), start_rate=1.5))[:2] == [666.667, 1250.0]


def test_a_rate_that_falls_to_nothing_loses_nothing() -> None:
    assert len(due_ms(rising((2.0, 0), start_rate=10.0))) == 10


rates = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 3.0]), st.integers(0, 2000)), min_size=1, max_size=5)


@given(ramp=rates, shards=st.integers(1, 4))
@some
def test_arrivals_are_as_many_as_the_area_in_order_and_shared_out(ramp: list[tuple[float, int]], shards: int) -> None:
    load = rising(*ramp)
    if executors.validate(load):
        return
    whole = due_ms(load)
    ends = [(0.0, 0.0)]
    for over, to in ramp:
        ends.append((ends[-1][0] + over, to))
    area = sum((t2 - t1) * (r1 + r2) / 2 for (t1, r1), (t2, r2) in pairwise(ends))
    assert len(whole) == int(area + 1e-6)
    assert whole == sorted(whole)
    assert sorted(due for shard in range(shards) for due in due_ms(load, shard, shards)) == whole
    if len(whole) > 1:
        fastest = max(rate for _, rate in ends)
        assert min(np.diff(whole)) >= 1000 / fastest - 0.01


def test_arrivals_of_a_long_plan_are_made_as_they_are_needed() -> None:
    plan = executors.plan(replace(ARRIVALS, duration=None), 0, 1)
    assert isinstance(plan, Open)
    assert next(iter(plan.arrivals)) == 0
    assert len(plan.arrivals) > 10**9


def test_spare_users_are_those_over_the_first() -> None:
    plan = executors.plan(replace(ARRIVALS, vus=3, max_vus=5), 0, 1)
    assert isinstance(plan, Open)
    assert (plan.vus, plan.spare) == ((0, 1, 2), (3, 4))


# What is wrong


@pytest.mark.parametrize(
    ("load", "changes", "problem"),
    [
        (SHARED, {"iterations": 200}, "shared-iterations of 200 iterations for 300 vus"),
        (SHARED, {"iterations": None}, "shared-iterations of no iterations"),
        (SHARED, {"max_duration": 0.0}, "max_duration of 0 s, expected more than 0s"),
        (
            SHARED,
            {"duration": 3.0},
            "duration is not read by shared-iterations, expected executor: constant-vus or constant-arrival-rate",
        ),
        (EACH, {"iterations": None}, "per-vu-iterations of no iterations"),
        (CONSTANT, {"iterations": 5}, "iterations is not read by constant-vus"),
        (CONSTANT, {"duration": 0.0}, "duration of 0 s"),
        (CONSTANT, {"rate": 5.0}, "rate is not read by constant-vus"),
        (CONSTANT, {"vus": 0}, "0 vus"),
        (CONSTANT, {"vus": 70_000}, "70000 vus, expected 1 to 65536"),
        (CONSTANT, {"request": {}}, "a load without a request"),
        (CONSTANT, {"request": {"order": 0}}, "the requests weigh nothing"),
        (CONSTANT, {"request": {"order": 2, "coupon": -1}}, "the requests weigh nothing"),
        (CONSTANT, {"timeout": 0.0}, "timeout"),
        (CONSTANT, {"connect_timeout": -1.0}, "connect_timeout"),
        (CONSTANT, {"pause_after_error": -0.1}, "pause_after_error"),
        (CONSTANT, {"start_time": -1.0}, "start_time of -1 s"),
        (CONSTANT, {"graceful_stop": -1.0}, "graceful_stop of -1 s"),
        (CONSTANT, {"jitter": 1.5}, "jitter"),
        (CONSTANT, {"executor": "constant"}, "expected one of shared-iterations, per-vu-iterations, constant-vus"),
        (ARRIVALS, {"rate": None}, "constant-arrival-rate without a rate"),
        (ARRIVALS, {"max_vus": 5}, "max_vus 5 under vus 10"),
        (ramping((1.0, 5)), {"ramp": ()}, "ramping-vus without a ramp"),
        (ramping((1.0, 5)), {"ramp": (Ramp(over=1.0, to=2.5),)}, "2.5 users, expected a whole number"),
        (ramping((1.0, 5)), {"ramp": (Ramp(over=1.0, to=70_000.0),)}, "70000 vus"),
        (ramping((1.0, 5)), {"start_vus": -1}, "-1 start_vus"),
        (ramping((1.0, 5)), {"vus": 5}, "vus is not read by ramping-vus"),
        (rising((1.0, 5)), {"ramp": (Ramp(over=0.0, to=5.0),)}, "ramping-arrival-rate without a ramp"),
    ],
)
def test_each_problem_is_named(load: Load, changes: dict[str, Any], problem: str) -> None:
    assert executors.validate(load) == []
    (found,) = executors.validate(replace(load, **changes))
    assert problem in found


@pytest.mark.parametrize("changes", [{"vus": 65_536}, {"request": {"order": 1, "coupon": 0}}])
def test_what_a_drill_may_say_an_executor_carries_out(changes: dict[str, Any]) -> None:
    load = replace(CONSTANT, **changes)
    assert executors.validate(load) == []
    assert len(closed(load).lives) == load.vus


def test_all_problems_are_reported_at_once() -> None:
    wrong = replace(SHARED, vus=0, iterations=None, request={}, timeout=0.0)
    assert len(executors.validate(wrong)) == 4
    with pytest.raises(ValueError, match=r"0 vus.*request.*timeout.*iterations"):
        executors.plan(wrong, 0, 1)
