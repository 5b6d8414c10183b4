"""From a name on the command line to a drill, with every mistake told at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lab.cli.exits import Exit
from lab.cli.say import refuse

if TYPE_CHECKING:  # 10 ms that `lab --help` does not need
    from lab.drill.model import Drill
    from lab.history.model.history import History

RUNS = Path("runs")
KINDS = ("peak", "load", "endurance", "stress")
"""Of the documented plan, in its order."""


def drill(name: str, patches: Sequence[str], without: Sequence[str]) -> Drill:
    """The drill with its patches, less the measures that ``without`` names. Exits 2 with all problems of the file."""
    from lab import catalogue
    from lab.drill.patches import resolve

    with _mistakes():
        return resolve(catalogue.read_drill(name, patches), without)


def load(name: str, patches: Sequence[str], scale: float) -> Drill:
    """A load test, or the whole documented plan; patches name its stages. Exits 2 with all problems of the files."""
    from lab import catalogue
    from lab.cli.listing import PLAN
    from lab.drill.plans import chained, scaled
    from lab.drill.suggest import nearest

    with _mistakes():
        if name == "plan":
            whole = [catalogue.read_drill(each, _of(each, patches)) for each in KINDS]
            return scaled(chained("plan", PLAN, whole), scale)
        if not catalogue.is_path(name) and name not in (known := {*catalogue.loads(), *catalogue.drills()}):
            found = nearest(name, [*known, "plan"])
            what = f"no load test is called {name!r}: expected one of {', '.join((*KINDS, 'plan'))}, or a path"
            raise catalogue.CatalogueError(what, found)
        planned = catalogue.read_drill(name, patches)
    if not all(stage.is_load_test for stage in planned.stages):
        refuse(f"{name} is a drill: lab drill {name}", "a load test is a drill whose stages all say judge: load")
    return scaled(planned, scale)


def _of(kind: str, patches: Sequence[str]) -> list[str]:
    """Those about a stage of this kind (``peak-coupon``), and those about all (``target.settings.slots=8``)."""
    others = tuple(f"{each}-" for each in KINDS if each != kind)
    return [patch for patch in patches if not patch.startswith(others)]


@contextmanager
def _mistakes() -> Iterator[None]:
    from lab import catalogue
    from lab.drill.problems import DrillErrors

    try:
        yield
    except DrillErrors as errors:
        for problem in errors.problems:
            print(problem, file=sys.stderr)
        raise typer.Exit(Exit.USAGE) from errors
    except catalogue.CatalogueError as error:
        refuse(str(error), error.hint or "lab list")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}", "lab list")


def run_dir(name: str, root: Path) -> Path:
    """A run by path, id or ``latest``. Exits 2 when there is none."""
    from lab.history import store

    try:
        return store.find_run(root, name)
    except store.RunNotFound as error:
        refuse(str(error), "lab runs ls")


def history(run_dir: Path, or_exit: Exit = Exit.USAGE) -> History:
    """Everything of a stored run. Exits with 2, or what is given, when it cannot be read or understood."""
    from lab.history import store

    try:
        return store.read_history(run_dir)
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}", "lab runs ls", or_exit)
    except ValueError as error:
        refuse(f"{run_dir} cannot be read: {error}", "lab runs ls", or_exit)
