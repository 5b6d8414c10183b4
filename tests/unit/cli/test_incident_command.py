"""``lab incident``: what it writes and where, and what it refuses in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lab.cli import names
from lab.cli.main import app
from lab.prove.claims import Arm
from lab.prove.record import Circumstances, Sources, record
from lab.prove.ruling import prove
from tests.fake_lab import play
from tests.unit.prove.outcomes import claim, good, never

pytestmark = pytest.mark.slow
RESTART = claim("auto-restart", without=Arm(without=("auto-restart",)))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of which the newest was never judged; ``latest`` is that one."""
    made = tmp_path_factory.mktemp("incident")
    judged = play(made / "runs", "crash")
    (judged.run_dir / "verdict.json").write_text(judged.verdict.to_json())
    judged.run_dir.rename(judged.run_dir.with_name("20260101T000000Z-judged"))
    play(made / "runs", "crash")
    return made


@pytest.fixture(autouse=True)
def here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


def lab(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["incident", *arguments])


@pytest.mark.parametrize(("lang", "title"), [("en", "# Incident document: crash"), ("ko", "# 장애 보고서: crash")])
def test_the_document_is_data_on_stdout(lang: str, title: str) -> None:
    done = lab("judged", "--lang", lang)
    assert (done.exit_code, done.stdout.splitlines()[0], done.stderr) == (0, title, "")


def test_a_proof_is_told_and_a_record_that_is_none_is_too(tmp_path: Path) -> None:
    proofs = prove({RESTART.id: ([never()] * 6, [good()] * 6)}, [RESTART])
    text = record(proofs, {}, Sources("d", {}), Circumstances("0.1.0", "2026-11-25", "", 7))
    (tmp_path / "crash.record.json").write_text(text)
    (tmp_path / "edited.record.json").write_text(text.replace('"held"', '"did not hold"'))
    done = lab("judged", "--records", str(tmp_path))
    assert "auto-restart: held (crash.record.json, 2026-11-25)" in done.stdout
    assert (
        done.stderr == f"note: {tmp_path}/edited.record.json says nothing: edited by hand: its digest is that of another text\n"
    )


def test_latest_is_a_run_too(root: Path) -> None:
    done = lab()
    assert done.exit_code == 2
    latest = (root / "runs" / "latest").resolve().name
    assert done.stderr == f"error: {latest} was never judged\nhint: lab analyze {latest}\n"


def test_a_file_gets_the_same_bytes(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "incident.md"
    done = lab("judged", "--lang", "ko", "--out", str(out))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"written {out}\n")
    assert out.read_bytes() == lab("judged", "--lang", "ko").stdout_bytes


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = lab("judged", "--out", str(tmp_path / "nowhere" / "incident.md"))
    assert (done.exit_code, done.stderr) == (2, f"error: {tmp_path}/nowhere/incident.md: No such file or directory\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nosuch"], "error: no runs are called 'nosuch' under runs; the newest: "),
        (["judged", "--lang", "fr"], "error: no language of incident documents is called 'fr': expected one of en, ko"),
    ],
)
def test_what_is_not_there_is_told_in_words(arguments: list[str], told: str) -> None:
    done = lab(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith(told)


def test_a_verdict_of_another_judge_is_noted(root: Path) -> None:
    verdict = root / "runs" / "crash" / "20260101T000000Z-judged" / "verdict.json"
    whole = verdict.read_text()
    verdict.write_text(whole.replace("pass", "fail"))
    try:
        assert lab("judged").stderr.startswith("note: 20260101T000000Z-judged was judged otherwise before")
    finally:
        verdict.write_text(whole)


def test_a_template_in_the_working_directory_wins(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "incidents" / "templates" / "en.md.j2"
    own.parent.mkdir(parents=True)
    own.write_text("ours: {{ incident.drill }}")
    assert lab("judged", "--runs", str(root / "runs")).stdout == "ours: crash\n"
    assert lab("judged", "--runs", str(root / "runs"), "--lang", "ko").stdout.startswith("# 장애 보고서")
    own.write_text("one\n{{ incident.nothing }}")
    done = lab("judged", "--runs", str(root / "runs"))
    assert done.exit_code == 2
    assert done.stderr.startswith("error: incidents/templates/en.md.j2:2: 'lab.report.incident.model.Incident object' has no")
    own.write_bytes(b"\xff\xfe")
    assert lab("judged", "--runs", str(root / "runs")).stderr.startswith("error: incidents/templates/en.md.j2: not text in UTF-8")


def test_the_built_in_template_can_be_copied() -> None:
    from lab.report.incident.words import template

    assert lab("--template", "--lang", "ko").stdout == template("ko")


def test_languages_are_completed() -> None:
    assert names.languages("") == ["en", "ko"]
