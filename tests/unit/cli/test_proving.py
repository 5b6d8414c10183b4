"""A document's claims put to the test, on the fake runtime: seconds of virtual time, none of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.cli.proving import Proving, carry_out, dry_run
from lab.prove.claims import Arm, Claim
from lab.prove.record import read, stale

RESTART = Claim(id="auto-restart", claim="a crash heals by itself", drill="crash", without=Arm(without=("auto-restart",)))


def proving(out: Path, *claims: Claim, rounds: int = 6) -> Proving:
    return Proving("# incident", claims, "", rounds, 7, "fake", out)


@pytest.mark.slow  # 12 runs in virtual time
def test_a_measure_that_holds_is_proved_and_recorded(tmp_path: Path) -> None:
    of = proving(tmp_path, RESTART)
    (proof,), text, code = carry_out(of)
    assert (proof.result, code) == ("held", 0)
    found = read(text)
    assert stale(found, of.sources(of.drills()), "2026-12-01") == []
    (only,) = json.loads(text)["claims"]
    assert [len(only[arm]["runs"]) for arm in ("without", "with")] == [6, 6]
    assert all((Path(run) / "verdict.json").exists() for run in only["with"]["runs"])


@pytest.mark.slow
def test_what_the_document_does_not_expect_fails_it(tmp_path: Path) -> None:
    nobody = Claim(
        id="nobody", claim="nobody is needed", drill="crash", without=Arm(without=("auto-restart",)), expect="no difference"
    )
    assert carry_out(proving(tmp_path, nobody, rounds=3))[2] == 1


def test_a_dry_run_lists_arms_trials_and_time(tmp_path: Path) -> None:
    lines = dry_run(proving(tmp_path, RESTART)).splitlines()
    assert lines[0].startswith("6 × crash --without auto-restart: ")
    assert lines[2].startswith("1 claims, 12 trials, ")
