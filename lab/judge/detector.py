"""The two folds over good and bad: one says when an outage is proved, the other when its end is. Used live and offline.

Detection is a Shiryaev-Roberts mixture. For each supposed bad share p1, ``R ← (1 + R) · P(request | p1) / P(request | p0)``;
the detector is ``Σ w · R``. While every request's chance to be bad is at most p0, whatever came before, ``R_n − n`` is a
supermartingale, so by Doob the chance that R reaches N/α within N requests is at most α (Shin, Ramdas, Rinaldo, 2023).
Recovery is the mirror: a CUSUM of "bad share ≥ 5 %" against 0.5 % (Page 1954; Reynolds and Stoumbos 1999).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

ALPHA = 0.001
"""Chance of any false crossing in the planned requests of a stage."""

P1 = (0.1, 0.3, 0.6, 0.95)
WEIGHTS = (0.3, 0.2, 0.2, 0.3)

LOST = 0.05
"""Bad share that is no recovery."""
WELL = 0.005
"""Bad share that is: not 0, or one stray failure would count as much as an outage; not p0, or a dirty baseline would need 173."""
CONFIRM = math.log(100)
_UP = math.log((1 - WELL) / (1 - LOST))
_DOWN = math.log(WELL / LOST)


def threshold(planned: int) -> float:
    """2N/α: *all* sees N requests and spends α/2, *fresh* and *kept* see N/2 each and spend α/4 each."""
    return 2 * max(planned, 1) / ALPHA


class MixtureFold:
    """Fold over requests in known order; ``add`` says whether the crossing is reached. 0 < p0 < 1."""

    def __init__(self, p0: float, crossing: float) -> None:
        self._bad = [p1 / p0 for p1 in P1]
        self._good = [(1 - p1) / (1 - p0) for p1 in P1]
        self._crossing = crossing
        self._sums = [0.0] * len(P1)

    @property
    def value(self) -> float:
        return sum(w * r for w, r in zip(WEIGHTS, self._sums, strict=True))

    def add(self, bad: bool) -> bool:
        r1, r2, r3, r4 = self._sums
        f1, f2, f3, f4 = self._bad if bad else self._good
        r1, r2, r3, r4 = (1 + r1) * f1, (1 + r2) * f2, (1 + r3) * f3, (1 + r4) * f4
        self._sums = [r1, r2, r3, r4]  # unrolled: a loop over the four components is three times as slow
        w1, w2, w3, w4 = WEIGHTS
        return w1 * r1 + w2 * r2 + w3 * r3 + w4 * r4 >= self._crossing


def first_crossing(bads: Iterable[bool], p0: float, crossing: float) -> int | None:
    """Index of the request that completes the proof, or None."""
    fold = MixtureFold(p0, crossing)
    return next((i for i, bad in enumerate(bads) if fold.add(bad)), None)


class MirrorFold:
    """Fold over requests in *due* order; 100 good ones from its floor confirm, each bad one takes 50 back."""

    def __init__(self) -> None:
        self.value = 0.0

    def add(self, bad: bool) -> bool:
        self.value = max(0.0, self.value + (_DOWN if bad else _UP))
        return self.value >= CONFIRM
