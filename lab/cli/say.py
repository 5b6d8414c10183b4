"""Words for people: progress, errors and hints go to stderr, data to stdout."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from lab.cli.exits import Exit


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def refuse(what: str, hint: str = "") -> NoReturn:
    """Ends the command before anything started: exit 2."""
    print(f"error: {what}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)
    raise typer.Exit(Exit.USAGE)
