"""Outcomes of trials in one word each."""

from __future__ import annotations

from lab.prove.claims import Arm, Claim
from lab.prove.outcome import NEVER_S, Outcome


def good(seconds: float = 0.4, bad: int = 20) -> Outcome:
    return Outcome(well=True, seconds=seconds, bad=bad, requests=1000, landed=True)


def never(bad: int = 300) -> Outcome:
    return Outcome(well=False, seconds=NEVER_S, bad=bad, requests=1000, landed=True)


def unknown(why: str = "the probe was late: 30 of 1000 requests") -> Outcome:
    return Outcome(well=True, seconds=0.0, bad=0, requests=1000, landed=True, unknown=why)


def burst(bad: int, resets: int = 0) -> Outcome:
    well, seconds = bad == 0, NEVER_S if bad else 0.0
    return Outcome(well=well, seconds=seconds, bad=bad, resets=resets, requests=300, landed=True, load_test=True)


def claim(name: str = "auto-restart", **more: object) -> Claim:
    fields = {"claim": f"{name} helps", "drill": "crash", "without": Arm(without=(name,))}
    return Claim(id=name, **{**fields, **more})  # type: ignore[arg-type]  # fields of a claim, by name
