"""What a fault cost, from what the probe saw. Pure.

A request is bad when it has no good answer 1 s after it was due. Recovery is the first good answer to a connection that was due
after the fault: ``inf`` where there was none while we looked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lab.nanoseconds import NS_PER_MS


@dataclass(frozen=True)
class Asked:
    """One request of the probe. ``end_ns``: of its answer, or of its failure."""

    due_ns: int
    end_ns: int
    good: bool
    refused: bool = False
    kept: bool = False


@dataclass(frozen=True)
class Trial:
    """Of one fault; ``bad`` and ``refused`` are requests, kept connections' among them."""

    recovery_ms: float
    bad: int
    refused: int


def judged(asked: Sequence[Asked], fault_ns: int, until_ns: int) -> Trial:
    """Of everything that was in flight at the fault or due from then until ``until_ns``.

    Bad before the fault is nobody's cost: it is left out, as nothing may be bad then (see ``clean``).
    """
    ends_ns = [each.end_ns for each in asked if each.good and not each.kept and each.due_ns >= fault_ns]
    touched = [each for each in asked if each.end_ns >= fault_ns and each.due_ns < until_ns]
    return Trial(
        recovery_ms=(min(ends_ns) - fault_ns) / NS_PER_MS if ends_ns else math.inf,
        bad=sum(not each.good for each in touched),
        refused=sum(each.refused for each in touched),
    )


def clean(asked: Sequence[Asked], from_ns: int, until_ns: int) -> bool:
    """Was there an answer to everything that was due in that time, and anything at all?"""
    then = [each for each in asked if from_ns <= each.due_ns < until_ns]
    return bool(then) and all(each.good for each in then)
