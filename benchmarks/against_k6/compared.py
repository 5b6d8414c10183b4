"""Two measured runs of one plan beside each other. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.against_k6.measured import Measured

START_S = 0.02
"""A process begins, connects all its users and is woken up as late as this, whatever the rate."""


@dataclass(frozen=True)
class Pair:
    """One plan, one round."""

    ours: Measured
    k6s: Measured

    @property
    def rate_off(self) -> float:
        """Starts per second over the whole plan: by how much ours differ, of k6's."""
        return _rate(self.ours.starts_s) / _rate(self.k6s.starts_s) - 1

    @property
    def each_second_off(self) -> tuple[float, ...]:
        """The same of each second of the plan in which k6 started something, as it was counted."""
        seconds = math.ceil(max(self.ours.starts_s[-1], self.k6s.starts_s[-1]) + 0.01)
        counted = [(_within(self.ours.starts_s, k), _within(self.k6s.starts_s, k)) for k in range(seconds)]
        return tuple(mine / other - 1 for mine, other in counted if other)

    @property
    def apart_ms(self) -> tuple[float, ...]:
        """The k-th start of ours from k6's k-th."""
        return tuple(abs(mine - other) * 1e3 for mine, other in self._both)

    @property
    def far_apart(self) -> tuple[int, ...]:
        """Each k of which our start is further from k6's than 2 % of the time until then, and :data:`START_S`, allow."""
        return tuple(k for k, (mine, other) in enumerate(self._both) if abs(mine - other) > 0.02 * other + START_S)

    @property
    def _both(self) -> Iterable[tuple[float, float]]:
        return zip(self.ours.starts_s, self.k6s.starts_s, strict=False)


def _rate(starts_s: Sequence[float]) -> float:
    """From the plan's begin to the last start."""
    return len(starts_s) / starts_s[-1]


def _within(starts_s: Sequence[float], second: int) -> int:
    """Seconds begin 5 ms early: what is due at a second itself comes a moment later, and counts in it on both sides."""
    return sum(second - 0.005 <= at_s < second + 0.995 for at_s in starts_s)
