"""The command line: parse, call, print, exit code. Each command lives in a file of its own and imports what it needs."""

from __future__ import annotations

import os
import signal
import sys

import typer

import lab
from lab.cli import analyze, completion, doctor, drill, incident, init, listing, load, prove, runs, show
from lab.cli.exits import Exit

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


MEASURING = ("drill", "load", "prove", "analyze")
"""Commands whose exit code is a verdict: a reader that leaves must not change it (see ``say.data_to_reader``)."""


OWN_PROCESS = object()
"""Says that this process is the command's, whose signals it may set; a test that calls the app has its own."""


@app.callback()
def _global(
    context: typer.Context,
    _asked: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Break a service on purpose; measure detection to recovery; prove or refute the measures."""
    if context.obj is OWN_PROCESS and context.invoked_subcommand not in MEASURING:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as any tool under `| head`: typer would end with 1, a verdict here


app.command("doctor", help="Try everything that a drill needs on this machine, and name the remedy.")(doctor.doctor)
app.command("drill", help="Run a drill; without a name, list them.")(drill.drill)
app.command("load", help="Run a load test: plan, peak, load, endurance, stress, or a file; without a name, list them.")(load.load)
app.command("prove", help="Put an incident document to the test: its causes and measures.")(prove.prove)
app.add_typer(runs.app, name="runs", help="The runs that are stored: ls, open, diff, rm.")
app.command("init", help="Copy a starting set of drills into this directory.")(init.init)
app.command("analyze", help="Judge a stored run again.")(analyze.analyze)
app.command("incident", help="Write the incident document of a stored run, in English or Korean.")(incident.incident)
app.command("list", help="List drills, faults and targets.")(listing.listing)
app.command("show", help="Tell a drill, a fault or the target in plain words.")(show.show)
app.command("completion", help="Print the completion script of a shell.")(completion.completion)


def main() -> None:
    """The ``lab`` command. Ctrl-C outside a run ends it with 130 and no traceback."""
    try:
        completion.when_asked()
        app(obj=OWN_PROCESS)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        print(f"error: the output could not be written: {error.strerror or error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still in its buffer would fail once more
        sys.exit(Exit.USAGE)
