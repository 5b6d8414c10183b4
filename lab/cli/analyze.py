"""``lab analyze RUN``: computes the verdict of a stored run again, from its history alone."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from lab.cli import reading
from lab.cli.say import data_to_reader, progress


def analyze(
    run: str = typer.Argument("latest", help="A run directory, its id, or latest."),
    out: Path = typer.Option(reading.RUNS, "--out", help="Where runs are stored."),
    json: bool = typer.Option(False, "--json", help="Print verdict.json instead of the report."),
) -> None:
    from lab.cli.printing import print_report
    from lab.judge.judge import judge
    from lab.run.control import keep

    run_dir = reading.run_dir(run, out)
    history = reading.history(run_dir)
    verdict = judge(history)
    unkept = keep(run_dir, verdict, parquet=False)
    with data_to_reader():
        if json:
            sys.stdout.write(verdict.to_json())
        else:
            print_report(history, verdict)
    if unkept:
        progress(f"error: {unkept}")
    raise typer.Exit(verdict.exit)
