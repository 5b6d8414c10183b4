"""``lab incident RUN``: the document of a run in the eight sections of an incident document, from its history alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lab.cli import names, reading
from lab.cli.say import progress, refuse, today

if TYPE_CHECKING:
    from lab.history.model.history import History
    from lab.judge.verdict import Verdict
    from lab.prove.found import Found

OWN = Path("incidents/templates")
"""A team's templates, in the working directory; each takes the place of the built-in one of its language."""
RECORDS = Path("runbooks/incidents")
"""Where ``lab prove`` leaves its records: beside the documents."""


def incident(
    run: str = typer.Argument("latest", help="A run directory, its id, or latest.", autocompletion=names.runs),
    lang: str = typer.Option("en", "--lang", help="Its language: en or ko.", autocompletion=names.languages),
    out: Path = typer.Option(None, "--out", help="A file to write it to, instead of stdout.", dir_okay=False),
    runs: Path = typer.Option(reading.RUNS, "--runs", help="Where runs are stored."),
    records: Path = typer.Option(RECORDS, "--records", help="Where records of lab prove are, for what its measures have shown."),
    show_template: bool = typer.Option(False, "--template", help="Print the template in force instead, to copy and change it."),
) -> None:
    from lab.report.incident.facts import incident as facts_of
    from lab.report.incident.render import TemplateWrong, render
    from lab.report.incident.words import words

    text, label = _template(lang)
    if show_template:
        _give(text, out)
        return
    history, verdict = _judged(reading.run_dir(run, runs))
    try:
        document = render(facts_of(history, verdict, _found(records, verdict.drill)), words(lang), text, label)
    except TemplateWrong as error:
        refuse(str(error), f"lab incident --lang {lang} --template, in another directory, prints the built-in one")
    _give(document, out)


def _template(language: str) -> tuple[str, str]:
    """Its text, and how an error names it."""
    from lab.drill.suggest import nearest, one_of
    from lab.report.incident.words import LANGUAGES, template

    if language not in LANGUAGES:
        refuse(
            f"no language of incident documents is called {language!r}: expected {one_of(LANGUAGES)}",
            nearest(language, LANGUAGES),
        )
    own = OWN / f"{language}.md.j2"
    try:
        return own.read_text(encoding="utf-8"), str(own)
    except FileNotFoundError:
        return template(language), f"{own.name} (built in)"
    except UnicodeDecodeError as error:
        refuse(f"{own}: not text in UTF-8 (byte {error.start})", "save it as UTF-8")
    except OSError as error:
        refuse(f"{own}: {error.strerror}")


def _judged(run_dir: Path) -> tuple[History, Verdict]:
    """Exits 2 when the run was never judged: the document says what a verdict says."""
    from lab.history.store import layout
    from lab.judge.judge import judge

    stored = layout.verdict_path(run_dir)
    if not stored.is_file():
        refuse(f"{run_dir.name} was never judged", f"lab analyze {run_dir.name}")
    history = reading.history(run_dir)
    verdict = judge(history)
    if stored.read_bytes() != verdict.to_json().encode():
        progress(f"note: {run_dir.name} was judged otherwise before; the document says what this lab finds (lab analyze)")
    return history, verdict


def _found(place: Path, drill: str) -> Found:
    """What the records there say of the drill's measures. One that cannot be read says nothing, and is told of."""
    from collections import defaultdict

    from lab.prove.found import FoundProof, of_measures
    from lab.prove.record import read

    found: dict[tuple[str, str], list[FoundProof]] = defaultdict(list)
    day = today().isoformat()
    for path in sorted(place.glob("*.record.json")):
        try:
            record = read(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            progress(f"note: {path} says nothing: {error}")
            continue
        for key, proof in of_measures(record, path.name, drill, day):
            found[key].append(proof)
    return {key: tuple(proofs) for key, proofs in found.items()}


def _give(text: str, out: Path | None) -> None:
    """UTF-8 on stdout too, whatever the terminal's locale: what is redirected is the same file."""
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        refuse(f"{out}: {error.strerror or error}")
    progress(f"written {out}")
