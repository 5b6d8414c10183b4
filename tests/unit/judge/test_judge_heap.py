"""A heap is judged by what collections leave in it; between two of them garbage looks like a leak."""

from __future__ import annotations

import numpy as np
import pytest

from lab.judge.heap import floors, heap_trend
from lab.judge.trend import Floats, Trend

MB = 1e6
T_S = np.arange(5.0, 600.0, 5.0)


def saw_tooth(tooth_s: float, garbage_mb: float = 30.0, leak_mb: float = 0.0) -> Floats:
    """30 MB that live, ``leak_mb`` more by the end; garbage grows to ``garbage_mb`` in ``tooth_s`` and is collected."""
    return np.asarray((30 + leak_mb * T_S / T_S[-1] + garbage_mb * (T_S % tooth_s) / tooth_s) * MB)


def judged(values: Floats) -> Trend:
    return heap_trend(T_S, values, warmup_s=5.0)


def test_floors_are_where_a_fall_ends() -> None:
    assert floors([5, 6, 3, 4, 2, 1, 1, 7]).tolist() == [False, False, True, False, False, True, False, False]
    assert floors([2, 1]).tolist() == [False, True]
    assert floors([]).tolist() == []


def test_a_heap_that_was_never_collected_is_no_leak_however_it_rises() -> None:
    found = judged(saw_tooth(1e9, garbage_mb=6e7))
    assert (found.kind, found.n) == ("too short", 0)
    assert found.text == "too short to tell: collected never, 20 needed to see what lives in it (collect: 10s in the target)"


@pytest.mark.parametrize("leak_mb", [0.0, 40.0])
def test_a_few_collections_tell_nothing_either(leak_mb: float) -> None:
    assert (judged(saw_tooth(170, leak_mb=leak_mb)).kind, judged(saw_tooth(170)).n) == ("too short", 3)


def test_with_many_collections_a_leak_is_told_from_garbage() -> None:
    leak = judged(saw_tooth(20, leak_mb=40.0))
    assert leak.kind == "leaking"
    assert leak.slope_per_h == pytest.approx(40 * MB * 3600 / 595, rel=0.05)
    assert judged(saw_tooth(20)).kind == "flat"


def test_a_heap_of_which_all_is_flat_needs_no_collection() -> None:
    assert judged(np.full(len(T_S), 37.0 * MB)).kind == "flat"
