"""The table of a proof."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

from lab.prove.claims import OF_RECOVERY, Compare
from lab.prove.outcome import Outcome
from lab.prove.ruling import prove
from lab.report.proof import COUNTED, proof_markdown, proof_table, shown
from tests.unit.prove.outcomes import burst, claim, good, never, unknown

RESTART, BACKLOG = claim("auto-restart"), claim("network-settings", claim="backlog 100 → 1024 | one peak", kind="cause")
PROOFS = prove(
    {
        RESTART.id: ([never()] * 6, [good(0.38), good(0.4), good(0.4), good(0.41), good(0.4), good(0.5)]),
        BACKLOG.id: ([unknown("the probe was late")] * 6, [burst(0)] * 6),
    },
    [RESTART, BACKLOG],
)


def test_each_claim_has_its_arms_its_result_and_its_p() -> None:
    assert proof_table(PROOFS).splitlines() == [
        "claim             without        with          result",
        "auto-restart      not recovered  400 ms        held          p = 0.0011 (Holm over 1 claim)",
        "  measure: auto-restart helps",
        "network-settings  unknown        0 of 300 bad  inconclusive",
        "  cause: backlog 100 → 1024 | one peak",
        "  6 of 6 trials without it say nothing: the probe was late",
        "measured in a model of your system: it refutes cheaply and confirms weakly",
    ]


def test_a_bar_in_a_claim_breaks_no_table() -> None:
    lines = list(proof_markdown(PROOFS))
    assert lines[3].startswith("| cause: backlog 100 → 1024 \\| one peak | unknown |")
    assert {line.replace("\\|", "").count("|") for line in lines if line.startswith("|")} == {6}


def test_each_figure_that_claims_compare_is_a_recovery_or_is_counted() -> None:
    names = {each.name for each in fields(Outcome)}
    assert set(get_args(Compare)) == OF_RECOVERY | set(COUNTED)
    assert set(COUNTED) <= names


def test_an_arm_in_words() -> None:
    assert shown([burst(149), burst(151), burst(149)]) == "149 of 300 bad"
    assert shown([good(), never(), unknown()]) == "1 of 2 recovered"
    assert shown([good(), never()], "bad") == "160 of 1,000 bad"
    assert shown([burst(149, resets=resets) for resets in (101, 99, 101)], "resets") == "101 of 300 reset"
    assert shown([replace(burst(149), failed=failed) for failed in (7, 8, 9)], "failed") == "8 of 300 failed"
    assert shown([good(0.0, 0)] * 3) == "no outage"
    assert shown([]) == "unknown"
