"""Runs of bad and good."""

from __future__ import annotations

import numpy as np
import pytest

from lab.judge.runs import Runs, runs

CASES = [
    ("xxx", Runs(1, 3, 0)),
    ("xxooox", Runs(2, 2, 3)),
    ("xoxoxx", Runs(3, 2, 1)),
    ("", Runs(0, 0, 0)),
]


@pytest.mark.parametrize(("pattern", "expected"), CASES)
def test_stretches_last_until_the_next_begins(pattern: str, expected: Runs) -> None:
    """One request a nanosecond."""
    bad = np.array([c == "x" for c in pattern], dtype=bool)
    assert runs(np.arange(len(bad)), bad, len(bad)) == expected
