"""Where the share of bad changed."""

from __future__ import annotations

import numpy as np
import pytest

from lab.judge.changepoint import recovery, worsening
from lab.judge.detector import threshold

P0, CROSSING = 0.01, threshold(1500)
GOOD, BAD = False, True

RECOVERIES = [
    ("after a clean outage, the first good one", [BAD] * 50 + [GOOD] * 100, 50),
    ("a stray failure after it does not move it", [BAD] * 50 + [GOOD] * 20 + [BAD] + [GOOD] * 130, 50),
    ("nor does a stray good one within the outage", [BAD] * 20 + [GOOD] + [BAD] * 29 + [GOOD] * 100, 50),
    ("a second outage does, even a short one", [BAD] * 200 + [GOOD] * 90 + [BAD] * 4 + [GOOD] * 100, 294),
    ("and a third", [BAD] * 200 + [GOOD] * 90 + [BAD] * 5 + [GOOD] * 90 + [BAD] * 5 + [GOOD] * 100, 390),
    ("one bad one is an outage too, once it is judged to be", [BAD] + [GOOD] * 100, 1),
]


@pytest.mark.parametrize(("bads", "at"), [case[1:] for case in RECOVERIES], ids=[case[0] for case in RECOVERIES])
def test_recovery(bads: list[bool], at: int) -> None:
    assert recovery(bads, P0, CROSSING) == at


WORSENINGS = [
    ("the first bad one of the last outage", [GOOD] * 100 + [BAD] * 4, 100),
    ("not a stray one before it", [GOOD] * 50 + [BAD] + [GOOD] * 49 + [BAD] * 4, 100),
    ("of one that was bad from the start, the first", [BAD] * 5, 0),
    ("of a single one, itself", [BAD], 0),
    ("of a partial outage, where it begins", [GOOD] * 100 + [BAD, GOOD] * 6, 100),
]


@pytest.mark.parametrize(("bads", "at"), [case[1:] for case in WORSENINGS], ids=[case[0] for case in WORSENINGS])
def test_worsening(bads: list[bool], at: int) -> None:
    assert worsening(bads) == at


@pytest.mark.parametrize(("share", "background", "bias", "error"), [(1.0, 0.0, 0, 0), (1.0, 0.01, 1, 1), (0.5, 0.01, 2, 8)])
def test_the_estimate_is_as_good_as_simulated(share: float, background: float, bias: float, error: float) -> None:
    """Requests off the truth after a 2 s outage at 100/s: mean within ``bias``, 95 % of the absolute errors within ``error``."""
    rng = np.random.default_rng(11)
    off = []
    for _ in range(200):
        bads = np.concatenate([rng.random(200) < share, rng.random(160) < background])
        bads[0], bads[-1] = True, False
        off.append(recovery(bads, P0, CROSSING) - 200)
    assert abs(np.mean(off)) <= bias
    assert np.quantile(np.abs(off), 0.95) <= error
