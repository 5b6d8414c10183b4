"""The section of benchmarks/README.md. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median, quantiles

from benchmarks.figures import Claim, Spread, at_most
from benchmarks.recovery.recorded import Round
from benchmarks.recovery.supervisors import ALL, EVERY_MS, INHERITED, REBIND
from benchmarks.recovery.trial import Trial
from benchmarks.recovery.visit import LOOKED_S
from benchmarks.table import between, claim_line, number

BEGIN, END = "<!-- recovery: written by python -m benchmarks.recovery -->", "<!-- end of recovery -->"
NAME = "recovery"


def into(readme: str, heading: str, rounds: Sequence[Round]) -> str:
    """``readme`` with the rounds in its section of them. Raises ValueError as ``table.between`` does."""
    return between(readme, BEGIN, END, "\n".join(rendered(heading, rounds)))


def rendered(heading: str, rounds: Sequence[Round]) -> Iterator[str]:
    yield from (heading, "", "| supervisor | settings | fault | trials | first good answer, ms | bad requests | refused |")
    yield "|---|---|---|---|---|---|---|"
    for fault in ("SIGKILL", "SIGSTOP"):
        for each in ALL:
            yield _line(each.name, each.settings, fault, rounds)
    yield from ("", "| measure | what | median (min–max) | target | |", "|---|---|---|---|---|")
    yield from (claim_line(claim) for claim in claims(rounds))
    yield ""


def _line(name: str, settings: str, fault: str, rounds: Sequence[Round]) -> str:
    found = _trials(rounds, name, fault)
    if not found and (missing := [each.missing[name] for each in rounds if name in each.missing]):
        return f"| {name} | {settings} | {fault} | 0 | not here: `{missing[0]}` | – | – |"
    if not found:
        return f"| {name} | {settings} | {fault} | 0 | – | – | – |"
    told = (_told([getattr(each, what) for each in found]) for what in ("recovery_ms", "bad", "refused"))
    return f"| {name} | {settings} | {fault} | {len(found)} | {' | '.join(told)} |"


def _told(values: Sequence[float]) -> str:
    low, middle, high = min(values), median(values), max(values)
    if low == math.inf:
        return f"**never** in {LOOKED_S:g} s"
    if high == math.inf:
        return f"**never** in {sum(each == high for each in values)} of {len(values)}, else {number(low)} or more"
    return f"**{number(middle)}**" + (f" ({number(low)}–{number(high)})" if low != high else "")


def _trials(rounds: Sequence[Round], name: str, fault: str) -> list[Trial]:
    return [trial for each in rounds for trial in each.trials.get(name, {}).get(fault, [])]


def _crashes(rounds: Sequence[Round], name: str) -> list[Trial]:
    """With those of the long run, which is the same supervisor."""
    long = [trial for each in rounds for trial in each.long_inherited] if name == INHERITED else []
    return [*_trials(rounds, name, "SIGKILL"), *long]


def claims(rounds: Sequence[Round]) -> Iterator[Claim]:
    """What was asked of recovery, each as a line that can be missed. What no round has measured is left out."""
    boots = [each for one in rounds for each in one.boot_ms]
    if boots:
        yield Claim(measure=NAME, what="the target's own boot, exec → first good answer", unit=" ms", spread=Spread.of(boots))
        allowed = {id(one): 1.2 * median(one.boot_ms) + 50 for one in rounds if one.boot_ms}
        for name in (REBIND, INHERITED):
            shares = [each.recovery_ms / allowed[id(one)] for one in rounds if one.boot_ms for each in _crashes([one], name)]
            if not shares:
                continue
            what = f"{name}: SIGKILL → first good answer / (1.2 × boot of the same round + 50 ms)"
            yield Claim(measure=NAME, what=what, unit="×", spread=Spread.of(shares), target=at_most(1))
    inherited = _crashes(rounds, INHERITED)
    if inherited:
        what = f"{INHERITED}: refused in {len(inherited)} crashes, all together"
        yield Claim(measure=NAME, what=what, unit="", spread=_alone(sum(each.refused for each in inherited)), target=at_most(0))
    if noticed := [each for one in rounds for each in one.noticed_ms]:
        what = f"SIGSTOP → alarm, in intervals of the health check that notices it, {EVERY_MS} ms ({len(noticed)} hangs), at most"
        yield Claim(measure=NAME, what=what, unit="", spread=_alone(max(noticed) / EVERY_MS), target=at_most(3))
    yield from _tail([each for one in rounds for each in one.decided_ms], "alarm → decision", 5)
    yield from _tail([each for one in rounds for each in one.sample_ms], "one sample of the queue alarm, 600 connections", 2)


def _tail(values: Sequence[float], what: str, bound_ms: float) -> Iterator[Claim]:
    """The 95 % point and the largest: what is rare is what is asked about."""
    if len(values) < 2:
        return
    for name, value in (("95 %", quantiles(values, n=20, method="inclusive")[-1]), ("at most", max(values))):
        told = f"{what} (n = {len(values):,}): {name}"
        yield Claim(measure=NAME, what=told, unit=" ms", spread=_alone(value), target=at_most(bound_ms))


def _alone(value: float) -> Spread:
    return Spread(value, value, value)
