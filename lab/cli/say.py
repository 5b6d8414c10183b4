"""Words for people: progress, errors and hints go to stderr, data to stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import NoReturn, TextIO

import typer

from lab.cli.exits import Exit


def progress(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _let_go(sys.stderr)


@contextmanager
def data_to_reader() -> Iterator[None]:
    """Around what is written to stdout at the end of a run: a reader that has left (``| head -1``) changes no exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go(sys.stdout)


def today() -> date:
    """By the calendar of whoever reads it: a document expires, and a record is of, their day."""
    return date.today()  # noqa: DTZ011  # not the day in Greenwich


def _let_go(stream: TextIO) -> None:
    """What is still in its buffer goes to nobody, or Python would complain about it at its end."""
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, stream.fileno())
    os.close(nobody)


def refuse(what: str, hint: str = "", code: Exit = Exit.USAGE) -> NoReturn:
    """Ends the command with an error in words: as usage before anything started, if nothing else is said."""
    print(f"error: {what}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    raise typer.Exit(code)
