"""How bad it may have been before."""

from __future__ import annotations

import pytest

from lab.drill.model import Probe
from lab.history.model.rows import Rows
from lab.judge.baseline import Baseline, baseline_of, clopper_pearson_upper
from lab.judge.known import Bounds, see
from tests.histories import cut, late, ns, ok, reset, stream


@pytest.mark.parametrize(
    ("bad", "requests", "upper"), [(0, 150, 0.0243), (0, 300, 0.0122), (0, 1000, 0.0037), (0, 3000, 0.0012), (1, 200, 0.0275)]
)
def test_the_upper_bound_is_the_tabled_one(bad: int, requests: int, upper: float) -> None:
    assert clopper_pearson_upper(bad, requests) == pytest.approx(upper, abs=5e-5)


def test_without_requests_anything_is_possible() -> None:
    assert clopper_pearson_upper(0, 0) == clopper_pearson_upper(3, 3) == 1.0


def test_p0_is_never_below_one_percent() -> None:
    assert Baseline(0, 1, 3000, 0).p0 == 0.01
    assert Baseline(0, 1, 300, 0).p0 == pytest.approx(0.0122, abs=5e-5)


@pytest.mark.parametrize(("bad", "steady"), [(0, True), (3, True), (4, False)])
def test_four_bad_of_four_hundred_are_not_steady(bad: int, steady: bool) -> None:
    assert Baseline(0, 1, 400, bad).steady is steady


def test_only_punctual_requests_due_in_the_window_count() -> None:
    rows = [reset(0.99), *stream(1.0, 2.0), late(1.005), cut(1.5), reset(2.0), reset(2.001)]
    found = baseline_of(see(Rows.of(rows), Bounds.of(Probe())), ns(1.0), ns(2.0))
    assert (found.requests, found.bad) == (101, 1)


def test_a_row_of_the_future_is_not_needed() -> None:
    rows = [ok(1.0), ok(5.0)]
    assert baseline_of(see(Rows.of(rows), Bounds.of(Probe())), 0, ns(2.0)).requests == 1
