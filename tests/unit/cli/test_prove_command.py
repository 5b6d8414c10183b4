"""``lab prove FILE --lint``: what it prints, where, and with which exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lab.cli import names
from lab.cli.main import app
from lab.prove.words import WORDS

INCIDENTS = Path(__file__).parents[3] / "runbooks" / "incidents"
CASE = INCIDENTS / "conn-reset.md"

TEXTS = {
    "times": "Detected: 23:45:12\nEnded: 23:47:27",
    "timeline": "| at | mark |\n|---|---|\n| 00:00:30 | alarm |\n| 00:02:45 | recovered |\n| 00:03:00 | end |",
    "prevention": "- it is restarted: `restart`",
}
RIGHT = """\
---
incident: killed
expires: 2999-12-31
claims:
  - {id: restart, claim: a restart heals it, drill: crash, without: {without: [auto-restart]}}
---
""" + "\n".join(f"## {heading}\n{TEXTS.get(name, 'Said.')}\n" for name, heading in WORDS["en"].headings.items())


def prove(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["prove", *map(str, arguments)])


def line_of(text: str) -> int:
    return CASE.read_text(encoding="utf-8").splitlines().index(text) + 1


def test_the_case_contradicts_itself_with_both_lines_quoted() -> None:
    done = prove(CASE, "--lint")
    assert (done.exit_code, done.stderr) == (1, "")
    first, *quotes = done.stdout.splitlines()[:6]
    detected = line_of("- Detected: 23:45:12")
    recovered = "| 00:02:45 | recovered | Connections are normal again, errors fall |"
    assert first.startswith(f"{CASE}:{detected}: 120 s between its two clock times, 135 s from alarm to recovery")
    assert quotes[0] == f"  {detected:>5} | - Detected: 23:45:12"
    assert quotes[1] == f"  {detected + 1:>5} | - Ended: 23:47:12"
    assert quotes[3] == f"  {line_of(recovered):>5} | {recovered}"


def test_a_document_that_agrees_with_itself_passes(tmp_path: Path) -> None:
    (tmp_path / "right.md").write_text(RIGHT, encoding="utf-8")
    done = prove(tmp_path / "right.md", "--lint")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'right.md'}: no flaws; 1 claim, each with its drill\n"


def test_problems_of_the_front_matter_and_of_its_drills_all_at_once(tmp_path: Path) -> None:
    text = CASE.read_text(encoding="utf-8")
    for old, new in (("2027-06-30", "soon"), ("drill: crash\n", "drill: crush\n"), ("stage: wire-resets", "stage: wires")):
        text = text.replace(old, new)
    path = tmp_path / "wrong.md"
    path.write_text(text, encoding="utf-8")
    done = prove(path, "--lint")
    assert (done.exit_code, done.stdout) == (2, "")
    found = [line for line in done.stderr.splitlines() if line.startswith(str(path))]
    assert [line.removeprefix(f"{path}:").partition(",")[0] for line in found] == [
        "3: expires: 'soon' is not a day",
        "69: claim settings-on-the-wire: drill conn-reset has no stage 'wires'",
        "76: claim restart-after-crash: no drill is called 'crush'",
    ]
    assert "hint: did you mean 'crash'?" in done.stderr


@pytest.mark.parametrize(("content", "said"), [(None, "No such file or directory"), (b"\xff", "not text in UTF-8 (byte 0)")])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "there.md"
    if content is not None:
        path.write_bytes(content)
    done = prove(path, "--lint")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {path}: {said}")


def test_documents_of_the_usual_directory_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(INCIDENTS.parents[1])
    assert names.incidents("runbooks/incidents/conn") == [
        "runbooks/incidents/conn-reset.ko.md",
        "runbooks/incidents/conn-reset.md",
    ]
    assert names.incidents("elsewhere") == []


@pytest.mark.slow
def test_a_pipe_that_carries_no_korean_gets_question_marks() -> None:
    command = [sys.executable, "-c", "from lab.cli.main import main; main()", "prove", INCIDENTS / "conn-reset.ko.md", "--lint"]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b" | - ??: 23:45:12" in done.stdout
