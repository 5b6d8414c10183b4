"""``lab drill NAME``: the run itself, from the file to the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import typer

from lab.cli import names, reading
from lab.cli.exits import worst
from lab.cli.say import data_to_reader, progress

RuntimeName = Literal["auto", "sandbox", "open", "fake"]


def drill(
    name: str = typer.Argument("", help="A drill by name, or a path. Without it: the list.", autocompletion=names.drills),
    runtime: RuntimeName = typer.Option("auto", help="Where it runs; auto: the sandbox, else open."),
    set_: list[str] = typer.Option(
        [], "--set", help="Patch by name: accept-queue.fault.backlog.size=8", metavar="NAME.KEY=VALUE"
    ),
    without: list[str] = typer.Option([], help="Leave a measure out: the control arm.", metavar="MEASURE"),
    seed: int = typer.Option(7, help="Of everything that is drawn by chance.", min=0),
    trials: int = typer.Option(1, help="How many runs, one after the other; the seed grows by one.", min=1),
    out: Path = typer.Option(reading.RUNS, "--out", help="Where runs are stored."),
    json: bool = typer.Option(False, "--json", help="One JSON object on stdout instead of the report."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Tell what would happen, start nothing."),
    allow_host: list[str] = typer.Option([], "--allow-host", help="A host outside loopback that the file allows too."),
    toxiproxy: Path = typer.Option(None, help="A toxiproxy-server to use.", exists=True, dir_okay=False),
) -> None:
    from lab.cli.listing import listing

    if not name:
        with data_to_reader():
            listing()
        return
    planned = reading.drill(name, set_, without)
    if dry_run:
        from lab.drill.describe import describe

        print(describe(planned))
        return
    from lab.cli import trial
    from lab.run.prepare import Choices

    choices = Choices(
        runtime=None if runtime == "auto" else runtime,
        seed=seed,
        without=tuple(without),
        patches=tuple(set_),
        allow_hosts=tuple(allow_host),
        toxiproxy=toxiproxy,
    )
    finished: list[trial.Finished] = []
    for number in _trials(trials):
        finished.append(trial.run(planned, replace(choices, seed=seed + number), out, report=not json))
        if finished[-1].ended.signal:
            break
    code = worst([each.exit for each in finished])
    with data_to_reader():
        if json:
            sys.stdout.write(trial.as_json(finished, code))
        elif len(finished) > 1:
            print(trial.summary(finished))
    raise typer.Exit(code)


def _trials(count: int) -> Iterator[int]:
    for number in range(count):
        if count > 1:
            progress(f"trial {number + 1} of {count}")
        yield number
