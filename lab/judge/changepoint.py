"""When did the share of bad change? The cut of two Bernoulli segments that has the greatest likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lab.judge.detector import first_crossing

Bads = npt.NDArray[np.bool_]


def _log_likelihood(bad: npt.NDArray[np.float64], n: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``n·(p ln p + (1 − p) ln(1 − p))`` at p = bad/n, with 0 ln 0 = 0."""
    p = bad / n
    q = 1 - p
    return n * (p * np.log(np.where(p > 0, p, 1)) + q * np.log(np.where(q > 0, q, 1)))


def _cut(bads: Bads, sign: int) -> int:
    """Length of the left segment, 1 … n − 1; 0 when the share moves nowhere in the direction of ``sign``."""
    n = len(bads)
    if n < 2:
        return 0
    left_n = np.arange(1, n, dtype=np.float64)
    left_bad = np.cumsum(bads[:-1], dtype=np.float64)
    right_n = n - left_n
    right_bad = float(bads.sum()) - left_bad
    likelihood = _log_likelihood(left_bad, left_n) + _log_likelihood(right_bad, right_n)
    likelihood[sign * (right_bad / right_n - left_bad / left_n) <= 0] = -np.inf
    best = int(np.argmax(likelihood))
    return 0 if likelihood[best] == -np.inf else best + 1


def worsening(bads: Sequence[bool] | Bads) -> int:
    """Index of the first bad request of the outage that the *end* of ``bads`` shows. There must be a bad one."""
    array = np.asarray(bads, dtype=np.bool_)
    cut = _cut(array, +1)
    return cut + int(np.argmax(array[cut:]))


def recovery(bads: Sequence[bool] | Bads, p0: float, crossing: float) -> int:
    """Index of the first good request after the change for the better; the last of ``bads`` must be good.

    A stray failure after it does not move it. A second outage does: where the detector crosses anew in what would be
    the good segment, the change is looked for after that (a flap stays inside its episode).
    """
    array = np.asarray(bads, dtype=np.bool_)
    start = 0
    while True:
        cut = start + _cut(array[start:], -1)
        again = first_crossing(array[cut:].tolist(), p0, crossing)
        if again is None or cut + again == start:
            return cut + int(np.argmin(array[cut:]))
        start = cut + again
