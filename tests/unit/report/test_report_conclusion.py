"""The ruling in words, and the last line of the command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.judge.verdict import Ruling, ThresholdFigures, Verdict
from lab.report.conclusion import conclusion, last_line
from tests.unit.report.verdicts import of_check, of_drill, of_stage

PASSED = of_stage("wire-resets", Ruling.PASS)
LOST = of_stage("accept-queue", Ruling.FAIL, "not recovered in 5 s", "3.48 bad-seconds, budget 1.5")
UNSTEADY = of_stage("wire-resets", Ruling.UNKNOWN, "baseline not steady: 12 of 400 bad, p0 5.2%")
BROKEN = of_stage("crash", Ruling.UNKNOWN, "the target ended while it started; the last 1 lines of its log:\n    boom")
SLOW = ThresholdFigures(selector="http_req_duration", expression="p(95)<5", value=20.0, kept=False)
LATE = of_stage("steady", Ruling.UNKNOWN, "the generator was late", thresholds=(replace(SLOW, kept=True), SLOW))
OVERSOLD = of_check("no_oversell", Ruling.FAIL, "501 × coupon stored, limit 500")


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (of_drill(Ruling.PASS, PASSED), "PASS conn-reset → lab runs open latest"),
        (of_drill(Ruling.FAIL, PASSED, LOST), "FAIL accept-queue: not recovered in 5 s → lab runs open latest"),
        (
            of_drill(Ruling.UNKNOWN, UNSTEADY),
            "UNKNOWN wire-resets: baseline not steady: 12 of 400 bad, p0 5.2% → lab runs open latest",
        ),
        (
            of_drill(Ruling.UNKNOWN, BROKEN, reasons=("broken: the target ended while it started\nlog",)),
            "UNKNOWN conn-reset: the target ended while it started → lab runs open latest",
        ),
        (
            of_drill(Ruling.UNKNOWN, LATE),
            "UNKNOWN steady: the generator was late; missed too: steady: threshold http_req_duration p(95)<5: 20"
            " → lab runs open latest",
        ),
        (
            of_drill(Ruling.UNKNOWN, UNSTEADY, replace(LATE, thresholds=(SLOW, SLOW))),
            "UNKNOWN wire-resets: baseline not steady: 12 of 400 bad, p0 5.2%; missed too: steady: threshold"
            " http_req_duration p(95)<5: 20, and 1 more → lab runs open latest",
        ),
        (
            of_drill(Ruling.FAIL, LATE, thresholds=(SLOW,)),
            "FAIL conn-reset: threshold http_req_duration p(95)<5: 20 → lab runs open latest",
        ),
        (of_drill(Ruling.INTERRUPTED, LOST), "INTERRUPTED conn-reset: judged as far as it went → lab runs open latest"),
        (
            of_drill(Ruling.FAIL, PASSED, invariants=(OVERSOLD,)),
            "FAIL oversold: 501 × coupon stored, limit 500 → lab runs open latest",
        ),
        (
            of_drill(Ruling.UNKNOWN, PASSED, invariants=(of_check("no_lost_order", Ruling.UNKNOWN, "the ledger was not read"),)),
            "UNKNOWN orders lost: the ledger was not read → lab runs open latest",
        ),
    ],
)
def test_the_last_line_gives_the_ruling_the_first_reason_and_what_to_do_next(verdict: Verdict, line: str) -> None:
    assert last_line(verdict) == line
    assert last_line(verdict, "runs/x/7") == line.replace("latest", "runs/x/7")


def test_what_holds_is_said_in_words_with_what_is_in_doubt() -> None:
    kept = tuple(of_check(check, in_doubt=2) for check in ("no_oversell", "no_lost_order", "no_duplicate_order"))
    assert conclusion(of_drill(Ruling.PASS, PASSED, invariants=kept)) == (
        "no coupon oversold",
        "no order lost",
        "none twice (2 in doubt)",
    )


def test_doubt_stands_only_where_there_is_some() -> None:
    checks = (of_check("no_lost_order", Ruling.FAIL, "3 lost", in_doubt=4), of_check("no_oversell"))
    assert conclusion(of_drill(Ruling.FAIL, invariants=checks)) == ("orders lost: 3 lost", "no coupon oversold")


def test_a_check_alone_reads_by_itself() -> None:
    assert conclusion(of_drill(Ruling.PASS, invariants=(of_check("no_duplicate_order"),))) == ("no order twice",)


def test_a_threshold_of_the_whole_drill_that_was_missed_is_said() -> None:
    """Not that every threshold was kept, though each stage passed."""
    assert conclusion(of_drill(Ruling.FAIL, PASSED, thresholds=(SLOW,))) == ("threshold http_req_duration p(95)<5: 20",)


def test_what_broke_comes_before_what_holds() -> None:
    verdict = of_drill(Ruling.FAIL, PASSED, LOST, invariants=(OVERSOLD, of_check("no_lost_order")))
    assert conclusion(verdict) == (
        "accept-queue: not recovered in 5 s; 3.48 bad-seconds, budget 1.5",
        "oversold: 501 × coupon stored, limit 500",
        "no order lost",
    )


def test_without_a_ledger_the_reason_is_given_once() -> None:
    missing = tuple(of_check(check, Ruling.UNKNOWN, "the ledger was not read") for check in ("no_oversell", "no_lost_order"))
    assert conclusion(of_drill(Ruling.UNKNOWN, PASSED, invariants=missing)) == (
        "unknown whether oversold or orders lost: the ledger was not read",
    )


def test_a_run_that_broke_is_not_told_twice() -> None:
    verdict = of_drill(Ruling.UNKNOWN, BROKEN, reasons=(f"broken: {BROKEN.reasons[0]}",))
    assert conclusion(verdict) == ("crash: the target ended while it started; the last 1 lines of its log:",)


def test_a_drill_without_checks_passes_with_words_too() -> None:
    assert conclusion(of_drill(Ruling.PASS, PASSED)) == ("1 stage, measured, with nothing to hold it against",)


def test_an_interrupted_run_names_every_stage_that_did_not_pass() -> None:
    said = conclusion(of_drill(Ruling.INTERRUPTED, PASSED, LOST, UNSTEADY))
    assert [part.partition(":")[0] for part in said] == ["judged as far as it went", "accept-queue", "wire-resets"]
