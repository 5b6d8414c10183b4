"""What records say of the measures of a drill, for the incident document of a run."""

from __future__ import annotations

import pytest

from lab.prove.claims import Arm
from lab.prove.found import FoundProof, of_measures, told
from lab.prove.record import Circumstances, Sources, read, record
from lab.prove.ruling import prove
from tests.unit.prove.outcomes import claim, good, never

BOTH = Arm(without=("auto-restart", "network-settings"))
CLAIMS = [
    claim("restart-alone", drill="conn-reset", stage="accept-queue", without=BOTH, with_=Arm(without=("network-settings",))),
    claim("restart", drill="conn-reset", stage="accept-queue", without=Arm(without=("auto-restart",))),
    claim("crash", without=Arm(without=("auto-restart",))),
]
PROOFS = prove({each.id: ([never()] * 6, [good()] * 6) for each in CLAIMS}, CLAIMS)
RECORD = read(record(PROOFS, {}, Sources("d", {}), Circumstances("0.1.0", "2026-11-25", "2027-01-01", 7)))


def found(drill: str, today: str = "2026-12-01") -> dict[tuple[str, str], tuple[FoundProof, ...]]:
    keyed = list(of_measures(RECORD, "x.record.json", drill, today))
    return {key: tuple(proof for other, proof in keyed if other == key) for key, _ in keyed}


def test_a_claim_is_about_the_measures_that_only_one_arm_leaves_out() -> None:
    assert {key: [each.claim for each in proofs] for key, proofs in found("conn-reset").items()} == {
        ("accept-queue", "auto-restart"): ["restart-alone", "restart"]
    }


def test_a_claim_without_a_stage_is_about_the_only_one() -> None:
    assert [each.claim for each in told(found("crash"), "crash", "auto-restart")] == ["crash"]
    assert told(found("crash"), "crash", "network-settings") == ()
    assert told(found("conn-reset"), "wire-resets", "auto-restart") == ()


@pytest.mark.parametrize(("today", "expired"), [("2027-01-01", False), ("2027-01-02", True)])
def test_a_record_expires(today: str, expired: bool) -> None:
    assert [each.expired for each in found("crash", today)["", "auto-restart"]] == [expired]


def test_of_another_drill_it_says_nothing() -> None:
    assert found("hang") == {}
