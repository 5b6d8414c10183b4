"""What a shell may complete."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.cli import names


def test_names_of_the_catalogue_that_begin_so() -> None:
    assert names.drills("conn") == ["conn-reset"]
    assert names.loads("p") == ["peak", "plan"]
    assert {"backlog", "conn-reset", "plan", "target"} <= set(names.shown(""))


def test_runs_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for run in ("20260101T000000Z-aaaaaa", "20260102T000000Z-bbbbbb"):
        (tmp_path / "runs" / "crash" / run).mkdir(parents=True)
        (tmp_path / "runs" / "crash" / run / "drill.json").touch()
    assert names.runs("") == ["latest", "20260102T000000Z-bbbbbb", "20260101T000000Z-aaaaaa"]
    assert names.runs("la") == ["latest"]


@pytest.mark.slow
def test_a_shell_that_asks_is_answered() -> None:
    env = {**os.environ, "_LAB_COMPLETE": "complete_bash", "COMP_WORDS": "lab load p", "COMP_CWORD": "2"}
    done = subprocess.run([Path(sys.executable).with_name("lab")], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["peak", "plan"]
