"""``lab drill NAME``: the run itself, from the file to the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import typer

from lab.cli import reading
from lab.cli.exits import Exit, worst
from lab.cli.say import progress, refuse

RuntimeName = Literal["auto", "sandbox", "open", "fake"]


def drill(
    name: str = typer.Argument("", help="A drill by name, or a path. Without it: the list."),
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
    toxiproxy: Path = typer.Option(None, help="A toxiproxy-server to use.", exists=True, dir_okay=False),
) -> None:
    from lab.cli.listing import listing

    if not name:
        listing()
        return
    planned = reading.drill(name, set_, without)
    if dry_run:
        from lab.drill.describe import describe

        print(describe(planned))
        return
    from lab.run.prepare import Choices

    choices = Choices(runtime=None if runtime == "auto" else runtime, seed=seed, without=tuple(without), toxiproxy=toxiproxy)
    codes = []
    for trial in _trials(trials):
        code = _one(planned, replace(choices, seed=seed + trial), out, json)
        codes.append(code)
        if code == Exit.INTERRUPTED:
            break
    raise typer.Exit(worst(codes))


def _trials(count: int) -> Iterator[int]:
    for trial in range(count):
        if count > 1:
            progress(f"trial {trial + 1} of {count}")
        yield trial


def _one(planned: object, choices: object, out: Path, json: bool) -> int:
    from lab import catalogue, toxiproxy_binary
    from lab.cli.live import Display
    from lab.cli.printing import last_line, print_report
    from lab.drill.model import Drill
    from lab.history import store
    from lab.run import control
    from lab.run.prepare import Choices, prepare

    assert isinstance(planned, Drill)
    assert isinstance(choices, Choices)
    try:
        plan = prepare(planned, choices, catalogue.faults(), progress)
        run_dir = control.new_run_dir(out, plan)
    except toxiproxy_binary.NotFound as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"the run directory cannot be made: {error}", "--out DIR")
    with Display(plan) as display:
        ended = control.carry_out(run_dir, plan, display.on_event)
    verdict = control.analyze(run_dir)
    if json:
        sys.stdout.write(verdict.to_json())
    else:
        print_report(store.read_history(run_dir), verdict)
    if ended.problem:
        progress(f"error: {ended.problem}")
    if not ended.interrupted:
        store.export_parquet(run_dir)
    progress(last_line(verdict))
    return Exit.INTERRUPTED if ended.interrupted else verdict.exit
