"""``lab analyze RUN``: computes the verdict of a stored run again, from its history alone."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from lab.cli import reading


def analyze(
    run: str = typer.Argument("latest", help="A run directory, its id, or latest."),
    out: Path = typer.Option(reading.RUNS, "--out", help="Where runs are stored."),
    json: bool = typer.Option(False, "--json", help="Print verdict.json instead of the report."),
) -> None:
    from lab.cli.printing import print_report
    from lab.history import store
    from lab.run.control import analyze as judge_again

    run_dir = reading.run_dir(run, out)
    verdict = judge_again(run_dir)
    if json:
        sys.stdout.write(verdict.to_json())
    else:
        print_report(store.read_history(run_dir), verdict)
    raise typer.Exit(verdict.exit)
