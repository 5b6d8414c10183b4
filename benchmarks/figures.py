"""What is said of several rounds. Pure: samples in, claims out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Spread:
    """Of one figure over the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Raises ValueError without a value: a figure that was not measured is not zero."""
        if not values:
            raise ValueError("no rounds, no figure")
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Target:
    """What was asked for; the bound itself keeps it."""

    bound: float
    side: Literal["at least", "at most"]

    def kept(self, figure: float) -> bool:
        return figure >= self.bound if self.side == "at least" else figure <= self.bound


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One line of the table. ``spread`` None: it could not be measured, and ``missing`` says how it could."""

    measure: str
    what: str
    unit: str
    spread: Spread | None = None
    target: Target | None = None
    missing: str = ""

    @property
    def kept(self) -> bool | None:
        """By the median; None where nothing was asked or nothing measured."""
        return None if self.target is None or self.spread is None else self.target.kept(self.spread.median)


def at_least(bound: float) -> Target:
    return Target(bound, "at least")


def at_most(bound: float) -> Target:
    return Target(bound, "at most")


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round: what disturbed a round has disturbed both. Raises ValueError when a round lacks one of them."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def distances(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """How far apart, round by round: to report too little is as wrong as to report too much."""
    return [abs(mine - other) for mine, other in zip(ours, theirs, strict=True)]
