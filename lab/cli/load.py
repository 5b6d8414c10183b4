"""``lab load NAME``: a drill without faults, judged on its users' own requests. The same files, the same code path."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from lab.cli import reading
from lab.cli.drill import RuntimeName
from lab.cli.say import data_to_reader


def load(
    name: str = typer.Argument("", help="plan, peak, load, endurance, stress, or a path. Without it: the list."),
    scale: float = typer.Option(1.0, help="Multiply times (not users): 0.1 for a quick look.", min=0.001, max=1000.0),
    shards: int = typer.Option(1, help="Processes that share the users.", min=1, max=64),
    runtime: RuntimeName = typer.Option("auto", help="Where it runs; auto: the sandbox, else open."),
    set_: list[str] = typer.Option([], "--set", help="Patch by name: peak-coupon.load.vus=100", metavar="NAME.KEY=VALUE"),
    seed: int = typer.Option(7, help="Of everything that is drawn by chance.", min=0),
    out: Path = typer.Option(reading.RUNS, "--out", help="Where runs are stored."),
    json: bool = typer.Option(False, "--json", help="One JSON object on stdout instead of the report."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Tell what would happen, start nothing."),
) -> None:
    if not name:
        with data_to_reader():
            _list()
        return
    planned = reading.load(name, set_, scale)
    if dry_run:
        from lab.drill.describe import describe

        print(describe(planned))
        return
    from lab.cli import trial
    from lab.run.prepare import Choices

    choices = Choices(runtime=None if runtime == "auto" else runtime, seed=seed, patches=tuple(set_), shards=shards)
    finished = trial.run(planned, choices, out, report=not json)
    if json:
        with data_to_reader():
            sys.stdout.write(trial.as_json([finished], finished.exit))
    raise typer.Exit(finished.exit)


def _list() -> None:
    from lab import catalogue
    from lab.cli.listing import PLAN, about

    for name, source in catalogue.loads().items():
        print(f"{name:<10} {about(source.text)}")
    print(f"{'plan':<10} {PLAN}")
