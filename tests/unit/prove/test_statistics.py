"""The tests behind a result, against tables and against their definitions."""

from __future__ import annotations

from itertools import combinations
from math import comb, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.prove.statistics import alike, fisher, holm, mann_whitney

few = st.lists(st.one_of(st.integers(0, 5).map(float), st.just(inf)), min_size=2, max_size=5)


@pytest.mark.parametrize(
    ("better", "worse", "p"),
    [
        ((6, 6), (0, 6), 1 / comb(12, 6)),
        ((3, 3), (0, 3), 0.05),
        ((6, 6), (6, 6), 1.0),
        ((0, 6), (6, 6), 1.0),
        ((5, 6), (1, 6), 37 / 924),
    ],
)
def test_fishers_exact_test(better: tuple[int, int], worse: tuple[int, int], p: float) -> None:
    assert fisher(better, worse) == pytest.approx(p)


@given(few, few)
def test_mann_whitney_is_the_share_of_all_ways_to_deal_the_ranks(smaller: list[float], larger: list[float]) -> None:
    every = [*smaller, *larger]
    ranks = [sum(other < value for other in every) + (sum(other == value for other in every) + 1) / 2 for value in every]
    dealt = [sum(chosen) for chosen in combinations(ranks, len(smaller))]
    expected = sum(total <= sum(ranks[: len(smaller)]) + 1e-9 for total in dealt) / len(dealt)
    assert mann_whitney(smaller, larger) == pytest.approx(expected)


def test_six_trials_that_recovered_beside_six_that_never_did() -> None:
    assert mann_whitney([0.3, 0.4, 0.5, 0.4, 0.3, 0.6], [inf] * 6) == pytest.approx(1 / 924)


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ([310, 310, 309, 310, 313, 311], [313, 314, 311, 313, 311, 313], True),
        ([300, 301, 302, 303, 304, 305], [360, 362, 363, 364, 365, 367], False),  # at the margin itself
        ([300, 400, 500, 600, 700, 800], [305, 405, 505, 605, 705, 805], False),  # nobody knows
        ([0.0] * 6, [0.0] * 6, False),  # no share of nothing: the other rule is for that
        ([inf] * 6, [inf] * 6, False),
        ([-0.1] * 6, [-0.1] * 6, False),
        ([100.0] * 3, [110.0] * 3, True),
    ],
)
def test_alike_is_what_is_known_to_differ_by_less_than_a_fifth(one: list[float], other: list[float], is_alike: bool) -> None:
    assert (alike(one, other), alike(other, one)) == (is_alike, is_alike)


def test_holm_as_in_its_paper() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_others_of_the_family_count_in_holm_as_if_they_were_larger() -> None:
    assert holm([0.01, 0.02], others=3) == pytest.approx([0.05, 0.08])
    assert holm([0.01, 0.02], others=1) == pytest.approx(holm([0.01, 0.02, 0.9])[:2])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_makes_a_p_smaller_nor_changes_their_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= new <= 1 for p, new in zip(ps, adjusted, strict=True))
    in_order = [adjusted[index] for index in sorted(range(len(ps)), key=ps.__getitem__)]
    assert in_order == sorted(in_order)
