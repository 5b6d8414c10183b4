"""A document's claims put to the test, on the fake runtime: seconds of virtual time, none of ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lab.cli.proving import Proving, carry_out, dry_run
from lab.history import store
from lab.nanoseconds import NS_PER_S
from lab.prove.claims import Arm, Claim
from lab.prove.record import read, stale

RESTART = Claim(id="auto-restart", claim="a crash heals by itself", drill="crash", without=Arm(without=("auto-restart",)))

FEWER_USERS = Claim(
    id="few", claim="few users are as many", drill="crash", without=Arm(set={"crash.load.vus": 5}), with_=RESTART.with_
)


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


def test_a_dry_run_counts_what_runs_at_a_time_once(tmp_path: Path) -> None:
    alone, beside = (replace(proving(tmp_path, RESTART), at_a_time=jobs) for jobs in (1, 2))
    minutes = [int(dry_run(of).split(" trials, ")[1].split(" min")[0]) for of in (alone, beside)]
    assert minutes[0] == pytest.approx(2 * minutes[1], abs=1)


@pytest.mark.slow
@pytest.mark.namespaces
def test_two_trials_at_a_time_are_whole_runs_and_the_next_begins_as_one_ends(tmp_path: Path) -> None:
    of = replace(proving(tmp_path, RESTART, FEWER_USERS, rounds=1), runtime="sandbox", at_a_time=2)
    _, text, _ = carry_out(of)
    runs = {Path(run) for claim in json.loads(text)["claims"] for arm in ("without", "with") for run in claim[arm]["runs"]}
    histories = [store.read_history(run) for run in sorted(runs)]
    assert len(histories) >= 3  # one more for each that the machine disturbed
    begun_s = sorted(history.plan.epoch_ns / NS_PER_S for history in histories)[:3]
    ended_s = sorted((history.plan.epoch_ns + history.events[-1].t_ns) / NS_PER_S for history in histories)[:3]
    assert begun_s[1] - begun_s[0] < 2
    assert -1 < begun_s[2] - ended_s[0] < 2
    assert all(len(history.probe) > 800 for history in histories)


def test_a_dry_run_lists_arms_trials_and_time(tmp_path: Path) -> None:
    lines = dry_run(proving(tmp_path, RESTART)).splitlines()
    assert lines[0].startswith("6 × crash --without auto-restart: ")
    assert lines[2].startswith("1 claims, 12 trials, ")
