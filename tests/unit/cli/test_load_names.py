"""What ``lab load`` takes: a drill whose stages are all load tests, whatever folder it lies in."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from lab import catalogue
from lab.cli.main import app

DRILLS = ["conn-reset", "crash", "hang"]


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_is_sent_to_the_command_that_runs_it(name: str) -> None:
    done = CliRunner().invoke(app, ["load", name, "--dry-run"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"error: {name} is a drill: lab drill {name}\nhint: " in done.stderr


@pytest.mark.parametrize("name", ["overload-restart", *catalogue.loads(), "plan"])
def test_whatever_is_a_load_test_runs(name: str) -> None:
    assert CliRunner().invoke(app, ["load", name, "--dry-run"]).exit_code == 0
