"""``lab prove FILE``: an incident document put to the test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lab.cli import names, reading
from lab.cli.drill import RuntimeName
from lab.cli.exits import Exit
from lab.cli.say import data_to_reader, progress, refuse, today
from lab.prove.extent import AT_A_TIME, QUICK_AT_A_TIME, QUICK_ROUNDS, ROUNDS

if TYPE_CHECKING:
    from lab.prove.claims import Claim
    from lab.prove.document import Incident


_JOBS = f"[default: {AT_A_TIME}, with --quick {QUICK_AT_A_TIME}]"


def prove(
    file: Path = typer.Argument(help="An incident document.", autocompletion=names.incidents),
    lint: bool = typer.Option(False, "--lint", help="Only check the document: what contradicts itself, what has no drill."),
    check: bool = typer.Option(False, "--check", help="Only look whether its record still stands; for CI."),
    dry_run: bool = typer.Option(False, "--dry-run", help="List arms, trials and the longest time; start nothing."),
    only: list[str] = typer.Option([], "--only", help="Put this claim to the test and no other.", metavar="ID"),
    quick: bool = typer.Option(False, "--quick", help="3 trials an arm in place of 6: consistent at best, never held."),
    runtime: RuntimeName = typer.Option("auto", help="Where it runs; auto: the sandbox, else open."),
    jobs: int | None = typer.Option(
        None, "--jobs", help=f"Light trials at a time, in the sandbox; load tests run alone. {_JOBS}", min=1, show_default=False
    ),
    seed: int = typer.Option(7, help="Of the order of the trials, and of the first of each arm.", min=0),
    out: Path = typer.Option(reading.RUNS, "--out", help="Where runs are stored."),
) -> None:
    incident = _read(file)
    if lint:
        with data_to_reader():
            code: int = _lint(incident)
        raise typer.Exit(code)
    from lab.cli import proving

    claims = _chosen(incident, only)
    of = proving.Proving(
        document="\n".join(incident.lines),
        claims=claims,
        untried=len(incident.claims) - len(claims),
        expires=incident.expires.isoformat() if incident.expires else "",
        rounds=QUICK_ROUNDS if quick else ROUNDS,
        seed=seed,
        runtime=None if runtime == "auto" else runtime,
        out=out,
        at_a_time=1 if check or not _each_has_a_room(runtime) else jobs or (QUICK_AT_A_TIME if quick else AT_A_TIME),
    )
    if dry_run:
        with data_to_reader():
            print(proving.dry_run(of))
        return
    raise typer.Exit(proving.check(of, file) if check else proving.prove_and_record(of, file, whole=not (only or quick)))


def _each_has_a_room(runtime: RuntimeName) -> bool:
    """Two trials in the open would share a network, its counters and its ports."""
    from lab.run.prepare import runtime_here

    return runtime == "sandbox" or (runtime == "auto" and runtime_here(progress) == "sandbox")


def _chosen(incident: Incident, only: list[str]) -> tuple[Claim, ...]:
    """Exits 2 for an id that the document has not."""
    known = {claim.id: claim for claim in incident.claims}
    for name in only:
        if name not in known:
            refuse(f"--only {name}: {incident.file} has no such claim", f"one of {', '.join(known)}")
    return tuple(claim for claim in incident.claims if not only or claim.id in only)


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

    found = flaws(incident, today())
    for flaw in found:
        write(f"{incident.file}:{flaw.lines[0]}: {flaw.what} ({flaw.rule})\n")
        write("".join(f"  {line:>5} | {incident.quote(line)}\n" for line in flaw.lines))
    write(f"{incident.file}: {_count(len(found), 'flaw')}; {_count(len(incident.claims), 'claim')}, each with its drill\n")
    return Exit.FAIL if found else Exit.PASS


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
