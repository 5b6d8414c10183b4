"""What a measure is: claims, and the rounds behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.figures import Claim
from benchmarks.place import Place
from benchmarks.results import Series

Say = Callable[[str], None]
"""How it goes, while it goes."""


@dataclass(frozen=True)
class Found:
    claims: tuple[Claim, ...]
    series: tuple[Series, ...]


Measure = Callable[[Place, int, Say], Found]
"""(where, rounds, progress)."""
