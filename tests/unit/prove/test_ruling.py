"""Trials without and with, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lab.prove.claims import Claim
from lab.prove.outcome import Outcome
from lab.prove.ruling import Proof, prove
from tests.unit.prove.outcomes import burst, claim, good, never, unknown

NEVER, GOOD = [never()] * 6, [good()] * 6
LOST_NONE, LOST_SOME = ([replace(burst(bad), failed=failed) for _ in range(6)] for bad, failed in ((200, 0), (150, 90)))


def rising(make: Callable[[int], Outcome], first: int) -> list[Outcome]:
    return [make(first + i) for i in range(6)]


def many(bad: int) -> Outcome:
    return good(bad=bad)


CASES: list[tuple[str, list[Outcome], list[Outcome], Claim, str]] = [
    ("what never recovers without it and always with it holds", NEVER, GOOD, claim(), "held"),
    ("a condition is named", NEVER, GOOD, claim(only_if="with a real RTT"), "holds only if"),
    ("the same in both arms is no difference", NEVER, NEVER, claim(), "no difference"),
    ("also where both recover", GOOD, GOOD, claim(), "no difference"),
    ("worse with it did not hold", GOOD, NEVER, claim(), "did not hold"),
    ("more bad ones, and it does not recover", rising(never, 490), rising(never, 990), claim(), "did not hold"),
    ("fewer bad ones, and it does not recover", rising(never, 490), rising(never, 90), claim(), "did not hold"),
    ("fewer bad ones, where that is claimed", rising(never, 490), rising(never, 90), claim(compare="bad"), "held"),
    ("a shorter time", rising(good, 20), rising(good, 10), claim(compare="time"), "held"),
    ("more resets, as the cause has it", [burst(149)] * 6, [burst(149, 101)] * 6, claim(kind="cause", compare="resets"), "held"),
    ("more failed, though fewer are slow", LOST_NONE, LOST_SOME, claim(compare="failed"), "did not hold"),
    (
        "other requests are bad, of which nothing is claimed",
        [burst(200)] * 6,
        [burst(100)] * 6,
        claim(compare="failed"),
        "no difference",
    ),
    ("as many resets", [burst(149, 101)] * 6, [burst(0, 101)] * 6, claim(compare="resets"), "no difference"),
    ("one in a hundred fewer, however surely", rising(many, 320), rising(many, 310), claim(compare="bad"), "no difference"),
    ("one in a hundred more", rising(many, 310), rising(many, 320), claim(compare="bad"), "no difference"),
    ("a quarter fewer", rising(many, 400), rising(many, 300), claim(compare="bad"), "held"),
    ("three trials may be alike", rising(many, 310)[:3], rising(many, 320)[:3], claim(compare="bad"), "no difference"),
    ("a tenth more, and it does not recover", rising(never, 300), rising(never, 330), claim(), "no difference"),
    ("alike in time", rising(good, 20), rising(good, 21), claim(compare="time"), "no difference"),
    ("a burst", [burst(149)] * 6, [burst(0)] * 6, claim(), "held"),
    ("four of six against one of six is not sure", [*NEVER[:5], good()], [*GOOD[:4], *NEVER[:2]], claim(), "inconclusive"),
    ("three trials are consistent, never held", NEVER[:3], GOOD[:3], claim(), "consistent"),
    ("three that are worse are contrary, no more", GOOD[:3], NEVER[:3], claim(), "contrary"),
    (
        "three with fewer resets, as no cause has it",
        [burst(9, 9)] * 3,
        [burst(9)] * 3,
        claim(kind="cause", compare="resets"),
        "contrary",
    ),
    ("three that say nothing leave three", NEVER, [*GOOD[:3], *[unknown()] * 3], claim(), "consistent"),
    ("four that say nothing are too many", NEVER, [*GOOD[:2], *[unknown()] * 4], claim(), "inconclusive"),
    ("a fault that did not land without it", [replace(never(), landed=False), *NEVER[:5]], GOOD, claim(), "inconclusive"),
    ("a cause strikes where it is", GOOD, NEVER, claim(kind="cause"), "held"),
    ("a cause that does nothing", GOOD, GOOD, claim(kind="cause"), "no difference"),
    ("what is better with its cause", NEVER, GOOD, claim(kind="cause"), "did not hold"),
    ("a cause that did not land", GOOD, [replace(good(), landed=False), *NEVER[:5]], claim(kind="cause"), "inconclusive"),
    ("two of six against none is alike", NEVER, [*GOOD[:2], *NEVER[:4]], claim(), "no difference"),
    ("a fault that did not land, and is unknown", [replace(unknown(), landed=False), *NEVER[:5]], GOOD, claim(), "inconclusive"),
    ("no trials", [], [], claim(), "inconclusive"),
]


def one(without: list[Outcome], with_: list[Outcome], of: Claim) -> Proof:
    (proof,) = prove({of.id: (without, with_)}, [of])
    return proof


@pytest.mark.parametrize(("without", "with_", "of", "result"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_results(without: list[Outcome], with_: list[Outcome], of: Claim, result: str) -> None:
    assert one(without, with_, of).result == result


def test_holm_is_over_all_claims_that_can_be_judged() -> None:
    claims = [claim(f"measure-{i}") for i in range(15)]
    trials = {each.id: ([never()] * 6, [good()] * 6) for each in claims[:-1]} | {claims[-1].id: ([], [])}
    proofs = prove(trials, claims)
    assert [proof.p_holm for proof in proofs[:-1]] == pytest.approx([14 / 924] * 14)
    assert (proofs[-1].p, proofs[-1].result) == (None, "inconclusive")


def test_a_claim_alone_is_held_to_as_many_as_its_document_has() -> None:
    of = claim()
    alone, of_many, of_too_many = (prove({of.id: (NEVER, GOOD)}, [of], untried=n)[0] for n in (0, 23, 59))
    assert [proof.p_holm for proof in (alone, of_many, of_too_many)] == pytest.approx([1 / 924, 24 / 924, 60 / 924])
    assert [proof.family for proof in (alone, of_many, of_too_many)] == [1, 24, 60]
    assert [proof.result for proof in (alone, of_many, of_too_many)] == ["held", "held", "inconclusive"]


def test_other_bad_requests_of_a_claim_alone_refute_no_more_than_in_its_document() -> None:
    of = claim()
    trials = {of.id: (rising(never, 490), rising(never, 90))}
    assert [prove(trials, [of], untried=n)[0].result for n in (0, 22, 23)] == ["did not hold", "did not hold", "no difference"]


def test_with_sixty_claims_six_trials_are_too_few() -> None:
    claims = [claim(f"measure-{i}") for i in range(60)]
    proofs = prove({each.id: (NEVER, GOOD) for each in claims}, claims)
    assert {proof.result for proof in proofs} == {"inconclusive"}
    assert proofs[0].why == "the arms differ, and so few trials may by chance (p = 0.0011)"


def test_what_is_worse_with_it_is_held_to_as_many_claims() -> None:
    claims = [claim(f"measure-{i}") for i in range(60)]
    assert {proof.result for proof in prove({each.id: (GOOD, NEVER) for each in claims}, claims)} == {"inconclusive"}
    assert {proof.result for proof in prove({each.id: (GOOD, NEVER) for each in claims[:11]}, claims[:11])} == {"did not hold"}


@pytest.mark.parametrize(
    ("expect", "without", "with_", "right"),
    [
        ("held", [never()] * 6, [good()] * 6, True),
        ("no difference", [never()] * 6, [good()] * 6, False),
        ("held", [never()] * 3, [good()] * 3, True),
        ("did not hold", [never()] * 3, [good()] * 3, False),
        ("did not hold", [good()] * 3, [never()] * 3, True),
        ("held", [good()] * 3, [never()] * 3, False),
    ],
)
def test_as_expected(expect: str, without: list[Outcome], with_: list[Outcome], right: bool) -> None:
    assert one(without, with_, claim(expect=expect)).as_expected is right
