"""``lab load NAME``: a drill without faults, judged on its users' own requests. The same files, the same code path."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lab.cli import names, reading
from lab.cli.drill import RuntimeName
from lab.cli.exits import Exit
from lab.cli.say import data_to_reader, progress, refuse

if TYPE_CHECKING:
    from lab.cli.export import Exports


def load(
    name: str = typer.Argument(
        "", help="plan, peak, load, endurance, stress, or a path. Without it: the list.", autocompletion=names.loads
    ),
    target: str = typer.Option("", "--target", help="A service that runs already: http://127.0.0.1:8080.", metavar="URL"),
    allow_host: list[str] = typer.Option([], "--allow-host", help="A host outside loopback that the file allows too."),
    scale: float = typer.Option(1.0, help="Multiply times (not users): 0.1 for a quick look.", min=0.001, max=1000.0),
    shards: int = typer.Option(1, help="Processes that share the users.", min=1, max=64),
    runtime: RuntimeName = typer.Option("auto", help="Where it runs; auto: the sandbox, else open."),
    set_: list[str] = typer.Option([], "--set", help="Patch by name: peak-coupon.load.vus=100", metavar="NAME.KEY=VALUE"),
    seed: int = typer.Option(7, help="Of everything that is drawn by chance.", min=0),
    out: list[str] = typer.Option(
        [], "--out", help="Where runs are stored; k6-json=FILE: k6's JSON lines too.", metavar="DIR|k6-json=FILE"
    ),
    summary_export: Path = typer.Option(None, "--summary-export", help="A JSON file in the shape of k6's --summary-export."),
    machine_summary: Path = typer.Option(
        None, "--machine-readable-summary", help="The same in the shape that k6 2 writes (schema 1.0.0)."
    ),
    json: bool = typer.Option(False, "--json", help="One JSON object on stdout instead of the report."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Tell what would happen, start nothing."),
) -> None:
    if not name:
        with data_to_reader():
            _list()
        return
    root, exports = _outputs(out, summary_export, machine_summary)
    set_ = [*set_, *([f"target.url={target}"] if target else [])]
    planned = reading.load(name, set_, scale)
    if dry_run:
        from lab.drill.describe import describe

        print(describe(planned))
        return
    from lab.cli import export, trial
    from lab.run.prepare import Choices

    choices = Choices(
        runtime=None if runtime == "auto" else runtime,
        seed=seed,
        patches=tuple(set_),
        shards=shards,
        allow_hosts=tuple(allow_host),
    )
    finished = trial.run(planned, choices, root, report=not json)
    unwritten = list(export.write(finished.history, finished.verdict, exports))
    for trouble in unwritten:
        progress(f"error: {trouble}")
    if json:
        with data_to_reader():
            sys.stdout.write(trial.as_json([finished], finished.exit))
    # what was asked for is not there: a script that goes on with it must hear of it
    raise typer.Exit(finished.exit or (Exit.UNKNOWN if unwritten else Exit.PASS))


def _outputs(out: Sequence[str], summary: Path | None, machine: Path | None) -> tuple[Path, Exports]:
    """The run directory's root, and the files to be written beside it. Exits 2 where that cannot be."""
    from lab.cli.export import Exports, unwritable

    lines = [Path(each.partition("=")[2]) for each in out if each.startswith("k6-json=")]
    roots = [Path(each) for each in out if "=" not in each]
    wrong = [each for each in out if "=" in each and (not each.startswith("k6-json=") or each == "k6-json=")]
    if wrong or len(roots) > 1 or len(lines) > 1:
        refuse(f"--out {' --out '.join(wrong or out)}", "one directory, and k6-json=FILE")
    root = (roots or [reading.RUNS])[0]
    exports = Exports(lines[0] if lines else None, summary, machine)
    for trouble in unwritable(exports, root):
        refuse(trouble, "a file in a directory that is there")
    return root, exports


def _list() -> None:
    from lab import catalogue
    from lab.cli.listing import PLAN, about

    for name, source in catalogue.loads().items():
        print(f"{name:<10} {about(source.text)}")
    print(f"{'plan':<10} {PLAN}")
