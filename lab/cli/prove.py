"""``lab prove FILE``: an incident document put to the test. So far ``--lint``: the document against itself and its drills."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lab.cli import names
from lab.cli.exits import Exit
from lab.cli.say import data_to_reader, refuse

if TYPE_CHECKING:
    from lab.prove.document import Incident


def prove(
    file: Path = typer.Argument(help="An incident document.", autocompletion=names.incidents),
    lint: bool = typer.Option(False, "--lint", help="Only check the document: what contradicts itself, what has no drill."),
) -> None:
    incident = _read(file)
    if not lint:
        refuse("claims are not run yet", f"lab prove {file} --lint")
    with data_to_reader():
        code = _lint(incident)
    raise typer.Exit(code)


def _read(file: Path) -> Incident:
    """The document, its claims held against their drills. Exits 2 with all problems at once."""
    from functools import cache

    from lab import catalogue
    from lab.prove import rules
    from lab.prove.document import understood

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        refuse(f"{file}: {error.strerror}")
    except UnicodeDecodeError as error:
        refuse(f"{file}: not text in UTF-8 (byte {error.start})", "save it as UTF-8")
    incident, problems = understood(text, str(file))
    problems += rules.broken(incident, cache(catalogue.read_drill))
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise typer.Exit(Exit.USAGE)
    return incident


def _lint(incident: Incident) -> Exit:
    from lab.cli.printing import write
    from lab.prove.lint import flaws

    found = flaws(incident, date.today())  # noqa: DTZ011  # a document expires by its readers' calendar
    for flaw in found:
        write(f"{incident.file}:{flaw.lines[0]}: {flaw.what} ({flaw.rule})\n")
        write("".join(f"  {line:>5} | {incident.quote(line)}\n" for line in flaw.lines))
    write(f"{incident.file}: {_count(len(found), 'flaw')}; {_count(len(incident.claims), 'claim')}, each with its drill\n")
    return Exit.FAIL if found else Exit.PASS


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
