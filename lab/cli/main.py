"""The command line: parse, call, print, exit code. Each command lives in a file of its own and imports what it needs."""

from __future__ import annotations

import sys

import typer

import lab
from lab.cli import analyze, completion, doctor, drill, init, listing, runs, show

app = typer.Typer(
    name="lab",
    help="Break a service on purpose; measure detection to recovery; prove or refute the measures.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"lab {lab.__version__}")
        raise typer.Exit


@app.callback()
def _global(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Break a service on purpose; measure detection to recovery; prove or refute the measures."""


app.command("doctor", help="Try everything that a drill needs on this machine, and name the remedy.")(doctor.doctor)
app.command("drill", help="Run a drill; without a name, list them.")(drill.drill)
app.add_typer(runs.app, name="runs", help="The runs that are stored: ls, open, diff, rm.")
app.command("init", help="Copy a starting set of drills into this directory.")(init.init)
app.command("analyze", help="Judge a stored run again.")(analyze.analyze)
app.command("list", help="List drills, faults and targets.")(listing.listing)
app.command("show", help="Tell a drill, a fault or the target in plain words.")(show.show)
app.command("completion", help="Print the completion script of a shell.")(completion.completion)


def main() -> None:
    """The ``lab`` command. Ctrl-C outside a run ends it with 130 and no traceback."""
    try:
        completion.when_asked()
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone (| head): nobody to tell
        sys.exit(141)
