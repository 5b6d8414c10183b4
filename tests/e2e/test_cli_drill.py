"""The command line at its edges: what is refused before anything starts, what is printed where, and two at a time."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import short_drills
from lab_process import LAB, Lab

FIVE_MISTAKES = """\
drill: five
target: {use: coupon-order}
stages:
  - stage: first
    load: {executor: constant-vus, vus: many, request: order}
    probe: {rate: 100/s, request: ordr}
    fault: crahs
    lasts: 3 s
    withn: {detect: 1s}
"""
SANDBOX = ("--runtime", "sandbox")
PROGRAMS = ("python3", "sh", "setpriv", "unshare", "env")
"""What the lab itself looks for on PATH; not go, nor a Toxiproxy."""


def nothing_was_started(lab: Lab) -> None:
    assert lab.run_dir is None
    assert not lab.root.exists()


def test_five_mistakes_of_a_file_are_five_lines_and_nothing_is_started(tmp_path: Path) -> None:
    (tmp_path / "five.yaml").write_text(FIVE_MISTAKES)
    with Lab(tmp_path, "drill", "five.yaml") as lab:
        done = lab.done()
        assert done.code == 2
        said = [line for line in done.err.splitlines() if not line.startswith("  hint: ")]
        assert [line.split(": ")[0] for line in said] == [f"five.yaml:{n}" for n in (5, 6, 7, 8, 9)], done.err
        assert all("expected" in line for line in said)
        assert "  hint: did you mean 'crash'?" in done.err
        assert done.out == ""
        nothing_was_started(lab)


@pytest.mark.parametrize("text", ["", "- a list", "drill: [", "\tdrill: tab", "drill: x\ntarget: {}\nstages: []\n"])
def test_a_file_that_is_no_drill_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "none.yaml").write_text(text)
    with Lab(tmp_path, "drill", "none.yaml") as lab:
        done = lab.done()
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("none.yaml:")
        nothing_was_started(lab)


@pytest.mark.parametrize("arguments", [("nope",), ("./nope.yaml",), ("crash", "--without", "nope"), ("crash", "--set", "nope=1")])
def test_what_is_not_there_is_refused_with_a_word_of_advice(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with Lab(tmp_path, "drill", *arguments) as lab:
        done = lab.done()
        assert (done.code, done.out) == (2, "")
        assert "nope" in done.err
        assert "hint: " in done.err or "expected" in done.err
        nothing_was_started(lab)


def test_a_drill_that_nobody_knows_comes_with_a_hint(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", "nope") as lab:
        assert lab.done().err.splitlines()[-1] == "hint: lab list"


@pytest.mark.parametrize("flag", ["--nope", "--trials=0", "--seed=-1", "--runtime=nowhere", "--toxiproxy=/nowhere"])
def test_a_wrong_flag_is_refused(tmp_path: Path, flag: str) -> None:
    with Lab(tmp_path, "drill", "crash", flag) as lab:
        done = lab.done()
        assert (done.code, done.out) == (2, "")
        nothing_was_started(lab)


def test_a_dry_run_tells_and_starts_nothing(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", "crash", "--dry-run") as lab:
        done = lab.done()
        assert done.code == 0
        assert "Fault crash" in done.out
        nothing_was_started(lab)


@pytest.mark.slow
def test_json_is_one_object_and_plain_output_has_no_escape_codes(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", "crash", "--runtime", "fake", "--json") as lab:
        done = lab.done()
        assert done.code == 0, done.err
        assert json.loads(done.out) == lab.verdict()
        assert "\x1b" not in done.out + done.err
    with Lab(tmp_path, "drill", "crash", "--runtime", "fake", "--json", "--trials", "2") as lab:
        done = lab.done()
        assert [trial["verdict"] for trial in json.loads(done.out)["trials"]] == ["pass", "pass"]
    with Lab(tmp_path, "drill", "crash", "--runtime", "fake", "--without", "auto-restart") as lab:
        done = lab.done()
        assert done.code == 1
        assert done.err.splitlines()[-1].startswith("FAIL crash: not recovered in 3 s")
        assert "\x1b" not in done.out + done.err


@pytest.mark.slow
@pytest.mark.parametrize("streams", ["| head -1", "2>&1 | head -1", "| true", "2>&1 | true"])
def test_a_reader_that_leaves_changes_neither_the_exit_code_nor_the_record(tmp_path: Path, streams: str) -> None:
    """Left to themselves, Python and typer would make 120 or 1 of the pass."""
    lab = " ".join(f"'{word}'" for word in (*LAB, "drill", "crash", "--runtime", "fake"))
    script = f"({lab}; echo $? >code) {streams}"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr
    assert "Broken" not in done.stderr
    assert len(done.stdout.splitlines()) == (1 if "head" in streams else 0)
    assert (tmp_path / "code").read_text() == "0\n"
    assert (tmp_path / "runs/latest/verdict.json").is_file()


@pytest.mark.slow
@pytest.mark.namespaces
def test_two_runs_side_by_side_know_nothing_of_each_other(tmp_path: Path) -> None:
    drill = short_drills.crash(tmp_path)
    root = tmp_path / "shared"
    with (
        Lab(tmp_path, "drill", drill, *SANDBOX, root=root) as first,
        Lab(tmp_path, "drill", drill, *SANDBOX, root=root) as second,
    ):
        for lab in (first, second):
            done = lab.done()
            assert done.code == 0, done.err + done.out
            lab.nothing_is_left()
    runs = [path.parent for path in root.glob("short-crash/*/verdict.json")]
    assert len(runs) == 2
    assert (root / "latest").resolve() in runs


@pytest.mark.slow
@pytest.mark.namespaces
def test_without_toxiproxy_its_stages_are_skipped_and_the_others_run(tmp_path: Path) -> None:
    found = tmp_path / "bin"
    found.mkdir()
    for program in PROGRAMS:
        where = subprocess.run(["sh", "-c", f"command -v {program}"], capture_output=True, text=True, check=True)
        (found / program).symlink_to(where.stdout.strip())
    env = {"PATH": str(found), "XDG_CACHE_HOME": str(tmp_path / "cache"), "LAB_TOXIPROXY_URL": "http://127.0.0.1:9/"}
    with Lab(tmp_path, "drill", short_drills.wire_then_crash(tmp_path), *SANDBOX, env=env) as lab:
        done = lab.done()
        assert done.code == 3, done.err + done.out
        verdict = lab.verdict()
        assert verdict["verdict"] == "unknown"
        wire, crash = verdict["stages"]
        assert (wire["verdict"], wire["reasons"]) == ("unknown", ["skipped: needs toxiproxy"])
        assert (crash["verdict"], crash["reasons"]) == ("pass", [])
        for way in ("PATH", "cache", "download", "go install"):
            assert f"  {way}: " in done.err, "each way that was tried is named"
        assert "skipped: needs toxiproxy" in done.out
        lab.nothing_is_left()


@pytest.mark.slow
def test_a_stored_run_that_is_damaged_is_named(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", "crash", "--runtime", "fake") as lab:
        lab.done()
        assert lab.run_dir is not None
        (lab.run_dir / "events-run.jsonl").write_text('{"t":0,"kind":"run","phase":"begin"}\nno event\n')
        with Lab(tmp_path, "analyze", str(lab.run_dir)) as again:
            done = again.done()
            assert done.code == 2
            assert "events-run.jsonl:2: " in done.err
            assert done.out == ""
        os.unlink(lab.run_dir / "drill.json")
        with Lab(tmp_path, "analyze", "latest", "--out", str(lab.root)) as again:
            assert again.done().code == 2
