"""From the trials of both arms to a result. Pure; the rules stand in docs/definitions.md.

1. *inconclusive*: an arm has too few trials that say something, or the fault did not land in one that it should strike.
2. *no difference*: the figure that the claim compares is alike in both arms, to within a fifth (two one-sided tests, 5 %).
   What is known to be small is asked first: 310 bad requests in place of 313 are no remedy, however surely they are fewer.
3. *held*: with the measure, or without the cause, it does better in what the claim compares (p, Holm over the document);
   *holds only if …*, where the claim says on what it depends; *consistent* where there were too few trials to say held
   (and *contrary* where there were too few to say did not hold).
4. *did not hold*: it does worse; or, of a recovery, it changes how many requests are bad, by more than that, and what it was for
   did not happen all the same (each of these p is multiplied by the number of claims).
5. *no difference*: neither better nor worse (p > 20 % both ways, unadjusted). Few trials that differ without being enough are no
   likeness: *inconclusive*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Literal

from lab.prove.claims import OF_RECOVERY, Claim, Compare, Result
from lab.prove.extent import QUICK_ROUNDS
from lab.prove.outcome import Outcome
from lab.prove.plan import spared_with
from lab.prove.statistics import MARGIN, SIGNIFICANT, alike, fisher, holm, mann_whitney

NEITHER = 0.2
"""Of p, one-sided, unadjusted: with six trials an arm, 2 that did well against 0 is alike (0.23), 3 against 0 is not (0.09)."""
Outcomes = Sequence[Outcome]
Found = Result | Literal["consistent", "contrary"]
_EXPECTED: Mapping[Found, tuple[Result, ...]] = {"consistent": ("held", "holds only if"), "contrary": ("did not hold",)}
"""Of which results these are a beginning."""


@dataclass(frozen=True)
class Proof:
    """``p``: that the measure does better by chance, ``p_holm``: adjusted for the document, ``family`` claims of it. None:
    inconclusive."""

    claim: Claim
    without: tuple[Outcome, ...]
    with_: tuple[Outcome, ...]
    result: Found = "inconclusive"
    why: str = ""
    p: float | None = None
    p_holm: float | None = None
    family: int = 0

    @property
    def as_expected(self) -> bool:
        return self.claim.expect in (self.result, *_EXPECTED.get(self.result, ()))


def prove(trials: Mapping[str, tuple[Outcomes, Outcomes]], claims: Sequence[Claim], *, untried: int = 0) -> list[Proof]:
    """``trials``: (without, with) by the claim's id. Holm's correction is over all claims that can be judged, and those of the
    document that were not put to the test (``untried``): one claim alone is held to no less than in the whole.
    """
    proofs = [_compared(claim, *trials[claim.id]) for claim in claims]
    judged = [proof for proof in proofs if proof.p is not None]
    adjusted = holm([proof.p or 0.0 for proof in judged], untried)
    family = len(judged) + untried
    ruled = {
        proof.claim.id: _ruled(replace(proof, p_holm=p_holm, family=family))
        for proof, p_holm in zip(judged, adjusted, strict=True)
    }
    return [ruled.get(proof.claim.id, proof) for proof in proofs]


def _compared(claim: Claim, without: Outcomes, with_: Outcomes) -> Proof:
    proof = Proof(claim, tuple(without), tuple(with_))
    if why := _unusable(claim, without, with_):
        return replace(proof, why=why)
    return replace(proof, p=_p(claim.compare, *_spared_first(proof)))


def _unusable(claim: Claim, without: Outcomes, with_: Outcomes) -> str:
    for name, arm in (("without", without), ("with", with_)):
        unknown = [each.unknown for each in arm if each.unknown]
        if len(arm) - len(unknown) < QUICK_ROUNDS:
            return f"{len(unknown)} of {len(arm)} trials {name} it say nothing: {unknown[0] if unknown else 'too few'}"
    struck, word = (without, "without") if spared_with(claim) else (with_, "with")
    if not all(each.landed for each in struck):
        return f"{word} it the fault did not land every time"
    return ""


def _spared_first(proof: Proof) -> tuple[Outcomes, Outcomes]:
    """The arm that should do better, and the other: a cause makes things worse."""
    without, with_ = _known(proof.without), _known(proof.with_)
    return (with_, without) if spared_with(proof.claim) else (without, with_)


def _known(arm: Outcomes) -> list[Outcome]:
    return [each for each in arm if not each.unknown]


def _p(compare: Compare, better: Outcomes, worse: Outcomes) -> float:
    """That ``better`` does better by chance: it does well more often, or has less of the figure."""
    if compare == "recovered":
        first, second = ((sum(each.well for each in arm), len(arm)) for arm in (better, worse))
        return fisher(first, second)
    return mann_whitney(_figures(compare, better), _figures(compare, worse))


def _alike(compare: Compare, one: Outcomes, other: Outcomes) -> bool:
    """Whether it recovers is no figure: half a recovery is none."""
    return compare != "recovered" and alike(_figures(compare, one), _figures(compare, other))


def _figures(compare: Compare, arm: Outcomes) -> list[float]:
    of = attrgetter("seconds" if compare == "time" else compare)
    return [of(each) for each in arm]


def _ruled(proof: Proof) -> Proof:
    """A claim of which ``p`` is known."""
    assert proof.p is not None
    assert proof.p_holm is not None
    claim, (spared, struck) = proof.claim, _spared_first(proof)
    against, few = _p(claim.compare, struck, spared), min(len(spared), len(struck)) <= QUICK_ROUNDS
    other_way = f"{'worse' if spared_with(claim) else 'better'} with it"
    if _alike(claim.compare, spared, struck):
        return replace(proof, result="no difference", why=f"alike to within {MARGIN - 1:.0%}")
    if few and proof.p <= SIGNIFICANT:
        return replace(proof, result="consistent", why=f"{QUICK_ROUNDS} trials an arm say no more")
    if few and against <= SIGNIFICANT:
        return replace(proof, result="contrary", why=f"{other_way}; {QUICK_ROUNDS} trials an arm say no more")
    if proof.p_holm <= SIGNIFICANT:
        return replace(proof, result="holds only if" if claim.only_if else "held", why=claim.only_if)
    if against * proof.family <= SIGNIFICANT:
        return replace(proof, result="did not hold", why=other_way)
    if claim.compare in OF_RECOVERY and not any(each.well for each in spared) and _bad_differ(spared, struck, proof.family):
        return replace(proof, result="did not hold", why="other requests are bad, and it does not recover")
    if min(proof.p, against) > NEITHER:
        return replace(proof, result="no difference")
    return replace(proof, why=f"the arms differ, and so few trials may by chance (p = {min(proof.p, against):.2g})")


def _bad_differ(spared: Outcomes, struck: Outcomes, claims: int) -> bool:
    """In one direction or the other, and by more than a little."""
    p = 2 * min(_p("bad", spared, struck), _p("bad", struck, spared))
    return p * claims <= SIGNIFICANT and not _alike("bad", spared, struck)
