"""Whatever a drill file holds, it is a Drill or a list of problems with places: never another error, never silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.drill.model import Drill, Request, Target
from lab.drill.problems import DrillErrors
from lab.drill.reader import read
from lab.drill.units import Seconds
from lab.history.store.whole import dump, load


@dataclass(frozen=True, kw_only=True)
class Shrink:
    size: int
    where: Literal["live", "live+config"] = "live"
    pause: Seconds = 0.0
    needs: ClassVar[frozenset[str]] = frozenset({"proxy"})


SHOP = Target(
    command="shop",
    settings={"slots": 8, "full": "wait"},
    requests={"order": Request(post="/o"), "look": Request(get="/")},
    ledger="/l",
)
WHOLE: Mapping[str, Any] = {
    "drill": "d",
    "target": {"use": "shop", "settings": {"slots": 3}, "requests": {"more": {"post": "/m", "json": {"a": None}}}},
    "checks": ["no_oversell"],
    "alarm": {"errors": {"above": "20%", "over": "1s", "for": "1s"}, "died": {}},
    "stages": [
        {
            "stage": "a",
            "lane": "proxy",
            "load": {"executor": "shared-iterations", "vus": 3, "iterations": 4, "request": {"order": 1}},
            "probe": {"rate": "100/s", "request": "look"},
            "fault": {"shrink": {"size": 3, "pause": "1s"}},
            "lasts": "until recovered",
            "measures": {"m": {"respond": [{"when": "errors", "do": "restart", "limit": "3/60s"}], "target": {"slots": 3}}},
            "within": {"recover": "5s"},
            "target": {"full": "close"},
        },
        {"stage": "b", "load": {"executor": "constant-vus", "request": "order"}, "alarm": {"died": {}}},
    ],
}

scalars = st.sampled_from(
    [None, True, 0, -1, 3, 1.5, "", "3s", "3", "20%", "100/s", "until recovered", "order", "shop", "a", "<<"]
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for step, value in steps for place in places(value, (*path, step)))]


def changed(data: Any, path: tuple[Any, ...], change: Any) -> Any:
    """A copy with ``change(container, step)`` done to what holds the last step of ``path``."""
    if not path:
        return data
    copy = dict(data) if isinstance(data, dict) else list(data)
    if len(path) == 1:
        change(copy, path[0])
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], change)
    return copy


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """The whole drill with one to five places replaced, removed or renamed."""
    data: Any = WHOLE
    for _ in range(draw(st.integers(1, 5))):
        path = draw(st.sampled_from(places(data)))
        value = draw(values)

        def replace(holder: Any, step: Any, value: Any = value) -> None:
            holder[step] = value

        def remove(holder: Any, step: Any) -> None:
            del holder[step]

        def rename(holder: Any, step: Any) -> None:
            holder.insert(0, 3) if isinstance(holder, list) else holder.update({f"{step}s": holder.pop(step)})

        data = changed(data, path, draw(st.sampled_from([replace, remove, rename])))
    return data


def outcome(text: str, patches: tuple[str, ...] = ()) -> Drill | DrillErrors:
    try:
        return read(text, "d.yaml", faults={"shrink": Shrink}, targets={"shop": SHOP}, patches=patches)
    except DrillErrors as errors:
        return errors


def test_the_whole_drill_is_right() -> None:
    assert isinstance(outcome(yaml.safe_dump(dict(WHOLE), sort_keys=False)), Drill)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)  # the first example pays for importing pydantic
@given(spoilt())
def test_a_spoilt_drill_is_read_or_told_with_places(data: Any) -> None:
    text = yaml.safe_dump(data, sort_keys=False)
    got = outcome(text)
    if isinstance(got, DrillErrors):
        assert got.problems
        assert all(1 <= problem.line <= text.count("\n") and problem.what and problem.expected for problem in got.problems)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60))
def test_any_text_at_all_is_read_or_told(text: str) -> None:
    assert isinstance(outcome(text), Drill | DrillErrors)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from([*"ab0", "fault", "shrink", "size", "load", "request", "stages", "target", "alarm"]), max_size=5),
    scalars,
)
def test_any_patch_is_applied_or_told(names: list[str], value: Any) -> None:
    text = yaml.safe_dump(dict(WHOLE), sort_keys=False)
    assert isinstance(outcome(text, (f"{'.'.join(names)}={value}",)), Drill | DrillErrors)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(spoilt())
def test_what_was_read_survives_its_file(data: Any) -> None:
    from lab.drill.model import RunPlan

    got = outcome(yaml.safe_dump(data))
    if isinstance(got, Drill):
        plan = RunPlan(drill=got, runtime="fake", seed=1, t0_ns=0, epoch_ns=0, planned={}, lab="0")
        assert load(dump(plan)) == plan
