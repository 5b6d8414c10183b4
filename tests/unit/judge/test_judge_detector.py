"""The folds reproduce the figures they were chosen by (planned N = 1500)."""

from __future__ import annotations

import numpy as np
import pytest

from lab.drill.model import GOOD_TO_CONFIRM
from lab.judge.detector import MirrorFold, MixtureFold, first_crossing, threshold

N = 1500


@pytest.mark.parametrize(("p0", "requests"), [(0.01, 4), (0.0122, 4), (0.0243, 5), (0.1, 8)])
def test_a_full_outage_is_proved_after_a_few_requests(p0: float, requests: int) -> None:
    assert first_crossing([True] * 100, p0, threshold(N)) == requests - 1


def test_three_in_a_row_prove_nothing_at_the_floor() -> None:
    assert first_crossing([True] * 3 + [False] * 200, 0.01, threshold(N)) is None


def test_a_clean_stream_never_crosses() -> None:
    assert first_crossing([False] * 10_000, 0.01, threshold(N)) is None


@pytest.mark.parametrize(("share", "low", "high"), [(0.5, 9, 12), (0.1, 85, 115)])
def test_partial_outages_take_the_tabled_number_of_requests(share: float, low: int, high: int) -> None:
    rng = np.random.default_rng(3)
    crossings = [first_crossing((rng.random(1500) < share).tolist(), 0.01, threshold(N)) for _ in range(300)]
    assert None not in crossings
    assert low <= np.mean([c + 1 for c in crossings if c is not None]) <= high


def test_the_value_is_the_weighted_sum_and_starts_at_zero() -> None:
    fold = MixtureFold(0.01, threshold(N))
    assert fold.value == 0
    fold.add(True)
    assert fold.value == pytest.approx(0.3 * 10 + 0.2 * 30 + 0.2 * 60 + 0.3 * 95)


def test_an_endless_outage_does_not_overflow_into_nonsense() -> None:
    fold = MixtureFold(0.01, threshold(N))
    assert [fold.add(True) for _ in range(3000)] == [False] * 3 + [True] * 2997


def confirmed_after(bads: list[bool]) -> int | None:
    mirror = MirrorFold()
    return next((i + 1 for i, bad in enumerate(bads) if mirror.add(bad)), None)


@pytest.mark.parametrize(
    ("bads", "after"),
    [
        ([False] * 300, 100),
        ([True] * 200 + [False] * 300, 300),
        ([False] * 99 + [True] + [False] * 300, 151),
        ([False] * 40 + [True] + [False] * 300, 141),
        ([False] * 99 + [True] * 2 + [False] * 300, 201),
    ],
)
def test_a_hundred_good_ones_confirm_and_a_bad_one_takes_fifty_back(bads: list[bool], after: int) -> None:
    assert confirmed_after(bads) == after


def test_a_stage_waits_for_as_many_good_ones_as_confirm() -> None:
    fold = MirrorFold()
    assert [fold.add(False) for _ in range(GOOD_TO_CONFIRM)] == [False] * (GOOD_TO_CONFIRM - 1) + [True]


def test_five_in_a_hundred_bad_is_no_recovery() -> None:
    rng = np.random.default_rng(5)
    shares = {p: np.mean([confirmed_after((rng.random(500) < p).tolist()) is not None for _ in range(400)]) for p in (0.05, 0.1)}
    assert shares[0.05] < 0.2  # 13 % within 500 requests
    assert shares[0.1] < 0.01
