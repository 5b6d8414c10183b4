"""``lab show NAME``: a drill in plain words, a fault's manual, or the target's settings."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import typer

from lab.cli import names, reading

if TYPE_CHECKING:
    from lab.drill.model import Drill


def show(name: str = typer.Argument(help="A drill, a load test, a fault, or target.", autocompletion=names.shown)) -> None:
    from lab import catalogue

    faults = catalogue.faults()
    if name == "target" or name in catalogue.targets():
        _targets()
    elif name == "plan" and name not in catalogue.drills():
        _tell(reading.load(name, (), 1.0))
    elif name in faults and name not in catalogue.drills():
        print(f"{name}: {faults[name].help}\n\n{inspect.getdoc(faults[name])}")  # type: ignore[attr-defined]  # see listing
    elif name in catalogue.drills() and name in faults:
        _drill(name)
        print(f"\nThere is a fault of that name too:\n{inspect.getdoc(faults[name])}")
    else:
        _drill(name)


def _drill(name: str) -> None:
    _tell(reading.drill(name, (), ()))


def _tell(drill: Drill) -> None:
    from lab.drill.describe import describe

    print(describe(drill))


def _targets() -> None:
    from lab import catalogue
    from lab.drill.units import format_scalar

    for name, target in catalogue.targets().items():
        print(f"{name}   {target.command}")
        for setting, value in target.settings.items():
            print(f"  {setting:<16} {format_scalar(value):<8} {target.help.get(setting, '')}")
            if drills := target.shown_by.get(setting):
                print(f"  {'':<25} shown by {', '.join(f'lab drill {drill}' for drill in drills)}")
