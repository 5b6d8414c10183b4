"""What the outside makes of a canary's report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab.runtimes.sandbox import trial
from lab.runtimes.sandbox.canary import SYSCTL, Bait, checks


def bait(tmp_path: Path, content: str = "secret") -> Bait:
    (tmp_path / "run").mkdir()
    (tmp_path / "outside").write_text(content)
    return Bait(str(tmp_path / "run"), str(tmp_path / "outside"), (), 1, "secret")


def wrong(tmp_path: Path, sysctl_before: str, content: str = "secret", written: bool = True) -> list[str]:
    laid = bait(tmp_path, content)
    if written:
        (tmp_path / "run" / "written-inside").touch()
    return [fact.name for fact in trial._read_back(laid, sysctl_before) if not fact.ok]


def test_nothing_is_wrong_when_all_reads_back_as_it_should(tmp_path: Path) -> None:
    assert wrong(tmp_path, SYSCTL.read_text()) == []


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    assert wrong(tmp_path, SYSCTL.read_text(), content="secretx") == ["machine's files"]


def test_a_changed_sysctl_of_the_machine_is_noticed(tmp_path: Path) -> None:
    assert wrong(tmp_path, "another value") == ["machine's sysctl"]


def test_a_write_that_does_not_come_out_is_noticed(tmp_path: Path) -> None:
    assert wrong(tmp_path, SYSCTL.read_text(), written=False) == ["written inside"]


def test_a_check_that_was_not_reported_is_not_ok(tmp_path: Path) -> None:
    assert {fact.name for fact in trial._silent(bait(tmp_path), [])} == set(checks(bait_again(tmp_path)))


def bait_again(tmp_path: Path) -> Bait:
    return Bait(str(tmp_path / "run"), str(tmp_path / "outside"), (), 1, "secret")


def test_no_room_has_no_facts_but_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "command", lambda *_, **__: ["sh", "-c", "echo unshare: not permitted >&2; exit 1"])
    tried = trial.try_out(as_root=False)
    assert (tried.facts, tried.complaint) == ((), "unshare: not permitted")


def test_an_exit_code_of_zero_alone_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "command", lambda *_, **__: ["true"])
    assert trial.try_out(as_root=False).facts == ()


def test_a_room_that_hangs_is_given_up_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "command", lambda *_, **__: [sys.executable, "-c", "import time; time.sleep(600)"])
    assert "did not answer" in trial.try_out(as_root=False, timeout_s=0.02).complaint
