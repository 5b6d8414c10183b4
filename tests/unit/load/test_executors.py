"""Plans of users, as properties; and every problem of a load, at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.drill.model import Load
from lab.load import executors
from lab.load.executors.users import SharedCounter, UntilStopped

CONSTANT = Load(executor="constant-vus", vus=10, request={"order": 1})
SHARED = Load(executor="shared-iterations", vus=300, iterations=300, max_duration=30.0, request={"order": 1})


@given(vus=st.integers(1, 500), shards=st.integers(1, 9), more=st.integers(0, 1000))
@settings(max_examples=50)
def test_shards_share_out_every_user_and_every_iteration_once(vus: int, shards: int, more: int) -> None:
    load = replace(SHARED, vus=vus, iterations=vus + more)
    plans = [executors.plan(load, shard, shards) for shard in range(shards)]
    assert sorted(vu for plan in plans for vu in plan.vus) == list(range(vus))
    counters = [plan.allowance.iterations for plan in plans if isinstance(plan.allowance, SharedCounter)]
    assert sum(counters) == vus + more
    assert all(counter >= len(plan.vus) for counter, plan in zip(counters, plans, strict=True))
    for sizes in (counters, [len(plan.vus) for plan in plans]):
        assert max(sizes) - min(sizes) <= 1


def test_constant_vus_run_until_stopped() -> None:
    plan = executors.plan(CONSTANT, 0, 1)
    assert (len(plan.vus), plan.allowance) == (10, UntilStopped())


def test_shared_iterations_end_with_their_duration() -> None:
    assert executors.plan(SHARED, 0, 1).allowance == SharedCounter(300, 30.0)


@pytest.mark.parametrize(
    ("load", "changes", "problem"),
    [
        (SHARED, {"iterations": 200}, "shared-iterations of 200 iterations for 300 vus"),
        (SHARED, {"iterations": None}, "shared-iterations of no iterations"),
        (SHARED, {"max_duration": 0.0}, "max_duration of 0 s, expected more than 0s"),
        (CONSTANT, {"iterations": 5}, "iterations with constant-vus"),
        (CONSTANT, {"vus": 0}, "0 vus"),
        (CONSTANT, {"vus": 70_000}, "70000 vus, expected 1 to 65536"),
        (CONSTANT, {"request": {}}, "the requests weigh nothing"),
        (CONSTANT, {"request": {"order": 0}}, "the requests weigh nothing"),
        (CONSTANT, {"request": {"order": 2, "coupon": -1}}, "the requests weigh nothing"),
        (CONSTANT, {"timeout": 0.0}, "timeout"),
        (CONSTANT, {"connect_timeout": -1.0}, "connect_timeout"),
        (CONSTANT, {"pause_after_error": -0.1}, "pause_after_error"),
        (CONSTANT, {"jitter": 1.5}, "jitter"),
        (CONSTANT, {"executor": "constant"}, "expected one of constant-vus, shared-iterations"),
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
    assert len(executors.plan(load, 0, 1).vus) == load.vus


def test_all_problems_are_reported_at_once() -> None:
    wrong = replace(SHARED, vus=0, iterations=None, request={}, timeout=0.0)
    assert len(executors.validate(wrong)) == 4
    with pytest.raises(ValueError, match=r"0 vus.*requests.*timeout.*iterations"):
        executors.plan(wrong, 0, 1)
