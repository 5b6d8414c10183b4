"""A document's claims put to the test, on the fake runtime: seconds of virtual time, none of ours."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from lab.cli.proving import Proving, carry_out, check, dry_run, prove_and_record
from lab.history import store
from lab.judge.verdict import Verdict
from lab.nanoseconds import NS_PER_S
from lab.prove.claims import Arm, Claim
from lab.prove.record import read, stale
from lab.run import control

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
    minutes = [int(dry_run(of).rpartition(": ")[2].split(" min")[0]) for of in (alone, beside)]
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
    assert lines[2].startswith("1 claim, 12 trials: ")


@pytest.mark.slow
def test_a_record_is_written_beside_the_document_stands_and_grows_stale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of, document = proving(tmp_path / "runs", RESTART, rounds=3), tmp_path / "crash.md"
    assert prove_and_record(of, document, whole=True) == 0
    assert (tmp_path / "crash.record.md").read_text().startswith("# crash.md: what was proved")
    assert check(of, document) == 0
    assert "stands, of" in capsys.readouterr().out
    assert check(replace(of, document="# another"), document) == 1
    told = capsys.readouterr()
    assert "the document has changed since" in told.err
    assert "stale, of" in told.out


@pytest.mark.slow
def test_of_some_claims_or_where_nothing_can_be_written_there_is_no_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of = proving(tmp_path / "runs", RESTART, rounds=3)
    assert prove_and_record(of, tmp_path / "crash.md", whole=False) == 0
    assert list(tmp_path.glob("*.record.*")) == []
    assert "no record: a record is of every claim" in capsys.readouterr().err
    assert prove_and_record(of, tmp_path / "nowhere" / "crash.md", whole=True) == 3
    assert "the record cannot be written" in capsys.readouterr().err
    with pytest.raises(typer.Exit) as refused:
        check(of, tmp_path / "crash.md")
    assert refused.value.exit_code == 2


@pytest.mark.slow
def test_an_interrupt_while_runs_are_judged_ends_the_proof_with_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept: list[Path] = []

    def keep_and_be_interrupted(run_dir: Path, verdict: Verdict, *, parquet: bool) -> str:
        kept.append(run_dir)
        signal.raise_signal(signal.SIGINT)
        return ""

    monkeypatch.setattr(control, "keep", keep_and_be_interrupted)
    assert prove_and_record(proving(tmp_path / "runs", RESTART), tmp_path / "crash.md", whole=True) == 130
    told = capsys.readouterr()
    assert "auto-restart" in told.out
    assert told.out.endswith("interrupted: no proof; above is what had run by then\n")
    assert "no record: the proof was interrupted" in told.err
    assert len(kept) == 1
