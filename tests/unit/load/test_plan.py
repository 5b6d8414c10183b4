from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from load_plans import constant, shard_plan, shared

from lab.drill.model import Request
from lab.load.plan import ShardPlan

texts = st.text(max_size=20)
times = st.floats(0, 1e9, allow_nan=False)


@given(
    name=texts,
    item=st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda inner: st.dictionaries(texts, inner, max_size=3)),
    times=st.tuples(times, times, times),
    t0_ns=st.integers(0, 2**63 - 1),
)
@settings(max_examples=50)
def test_a_plan_is_one_line_and_read_back_as_itself(
    name: str, item: object, times: tuple[float, float, float], t0_ns: int
) -> None:
    request = Request(post="/", json={"item": item}, headers={"X": name}, expect=(200, 400))
    load = shared(3, 5, connect_timeout=times[0], pause_after_error=times[1], max_duration=times[2])
    plan = shard_plan(load, t0_ns=t0_ns, requests=((0, name, request),))
    line = plan.to_json()
    assert "\n" not in line
    assert ShardPlan.from_json(line) == plan


def test_mappings_of_any_kind_can_stand_in_a_plan() -> None:
    frozen = MappingProxyType({"a": MappingProxyType({"b": 1})})
    plan = shard_plan(constant(1), requests=((0, "order", Request(post="/", json=frozen)),))
    assert ShardPlan.from_json(plan.to_json()).requests[0][2].json == {"a": {"b": 1}}


@pytest.mark.parametrize("line", ["", "{}", "[]", "nonsense", '{"load": {}, "requests": []}'])
def test_what_is_no_plan_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a shard's plan"):
        ShardPlan.from_json(line)
