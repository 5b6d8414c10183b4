"""Rounds of all plans, one side after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from benchmarks.against_k6 import k6_side, lab_side
from benchmarks.against_k6.compared import Pair
from benchmarks.against_k6.measured import TooBusy
from benchmarks.against_k6.plans import Plan, apart

LATEST_ANSWER_S = 0.01
"""By the server's own clock: half of what the plans allow."""
TRIES = 3
STARTING_S = 0.75
"""For each shard's process, of which 0.4 are CPU, on two cores: three times what it takes there. Each try has twice the time."""


def one_round(k6: str, plans: Sequence[Plan], say: Callable[[str], None]) -> Mapping[str, Pair]:
    """By the plan's name. What was measured on a machine that kept no time is measured again; TooBusy when it never did."""
    for again in range(TRIES):
        try:
            return _once(k6, plans, STARTING_S * len(plans) * 2**again)
        except TooBusy as why:
            say(f"measured again: {why}")
    raise TooBusy(f"measured {TRIES} times, and each time the machine was too busy for it")


def _once(k6: str, plans: Sequence[Plan], starting_s: float) -> Mapping[str, Pair]:
    later = apart(plans)
    ours, k6s = lab_side.run(later, starting_s), k6_side.run(k6, later)
    late_s = max(side[plan.name].late_s for side in (ours, k6s) for plan in plans)
    if late_s > LATEST_ANSWER_S:
        raise TooBusy(f"the server's own answers were {late_s * 1e3:.0f} ms late")
    return {plan.name: Pair(ours[plan.name], k6s[plan.name]) for plan in plans}
