"""The proof of an incident document as a table: each claim, what happened without and with it, and the result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from lab.prove.claims import OF_RECOVERY, Compare
from lab.prove.outcome import Outcome
from lab.prove.ruling import Proof
from lab.report.quantities import count, duration
from lab.report.table import aligned

MODEL = "measured in a model of your system: it refutes cheaply and confirms weakly"

COUNTED: Mapping[Compare, str] = {"bad": "bad", "failed": "failed", "resets": "reset"}
"""Requests, in a word."""


def proof_table(proofs: Sequence[Proof]) -> str:
    """Two lines a claim: its id, its arms and its result; below, what it says."""
    rows = [("claim", "without", "with", "result", "")]
    rows += [(each.claim.id, *_arms(each), each.result, _p_of(each)) for each in proofs]
    head, *lines = aligned(rows)
    below = (f"  {_claim(each)}" + (f"\n  {each.why}" if each.why else "") for each in proofs)
    return "\n".join((head, *(f"{line}\n{said}" for line, said in zip(lines, below, strict=True)), MODEL))


def proof_markdown(proofs: Sequence[Proof]) -> Iterator[str]:
    yield "| claim | without | with | result | |"
    yield "|---|---|---|---|---|"
    for each in proofs:
        cells = (_claim(each), *_arms(each), f"**{each.result}**", _why(each))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""
    yield f"{MODEL[0].upper()}{MODEL[1:]}."


def _arms(proof: Proof) -> tuple[str, str]:
    return shown(proof.without, proof.claim.compare), shown(proof.with_, proof.claim.compare)


def shown(arm: Sequence[Outcome], compare: Compare = "recovered") -> str:
    """What happened in an arm, of the trials that say something: ``0.42 s``, ``not recovered``, ``149 of 300 bad``, ``101 of
    300 reset``; medians.
    """
    known = [each for each in arm if not each.unknown]
    if not known:
        return "unknown"
    figure: Compare = "bad" if compare in OF_RECOVERY and all(each.load_test for each in known) else compare
    if figure in COUNTED:
        counted = (getattr(each, figure) for each in known)
        return f"{_median(counted)} of {_median(each.requests for each in known)} {COUNTED[figure]}"
    well = sum(each.well for each in known)
    if well == 0:
        return "not recovered"
    if well < len(known):
        return f"{well} of {len(known)} recovered"
    middle = median(each.seconds for each in known)
    return "no outage" if middle == 0 and not any(each.bad for each in known) else duration(middle)


def _median(numbers: Iterable[int]) -> str:
    return count(round(median(numbers)))


def _claim(proof: Proof) -> str:
    return f"{proof.claim.kind}: {proof.claim.claim}"


def _why(proof: Proof) -> str:
    return "; ".join(part for part in (proof.why, _p_of(proof)) if part)


def _p_of(proof: Proof) -> str:
    """``p = 0.001 (Holm over 15 claims)`` of what held."""
    if proof.p_holm is None or proof.result not in ("held", "holds only if"):
        return ""
    return f"p = {_p(proof.p_holm)} (Holm over {proof.family} claim{'s' if proof.family > 1 else ''})"


def _p(p: float) -> str:
    digits = max(0, 1 - math.floor(math.log10(p))) if p > 0 else 0
    return f"{p:.{min(digits, 6)}f}"
