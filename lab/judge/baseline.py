"""How bad it is without the fault: the share that the detector has to take for granted."""

from __future__ import annotations

from dataclasses import dataclass

from lab.judge.known import Seen

FLOOR = 0.01
"""Below it a clean baseline of some seconds proves nothing, and one stray failure would count as an outage."""
STEADY = 0.025
"""Above it detection is slow and 0.5 % is no longer told from 5 %: the stage is unknown."""
CONFIDENCE = 0.975


def clopper_pearson_upper(bad: int, requests: int) -> float:
    """Upper 97.5 % bound on a share of which ``bad`` of ``requests`` were seen (Clopper and Pearson 1934); 1 without any."""
    from scipy.special import betaincinv  # the import takes 100 ms, and only judging needs it

    return 1.0 if bad >= requests else float(betaincinv(bad + 1, requests - bad, CONFIDENCE))


@dataclass(frozen=True)
class Baseline:
    """``begin_ns`` ≤ due ≤ ``end_ns`` (``slow`` before the injection), both connection classes together, punctual ones only."""

    begin_ns: int
    end_ns: int
    requests: int
    bad: int

    @property
    def p0(self) -> float:
        return max(FLOOR, clopper_pearson_upper(self.bad, self.requests))

    @property
    def steady(self) -> bool:
        return self.p0 <= STEADY


def baseline_of(seen: Seen, begin_ns: int, end_ns: int) -> Baseline:
    """The baseline in the rows of one stage."""
    window = seen.punctual.due_in(begin_ns, end_ns + 1)
    return Baseline(begin_ns, end_ns, len(window), int(window.bad.sum()))
