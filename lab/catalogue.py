"""What there is to run: drills, targets and faults, of the working directory first, then of the package and its plug-ins."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, is_dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from types import ModuleType

from lab.drill.model import Drill, Target
from lab.drill.suggest import nearest, one_of

_GROUP = "lab.faults"
_PARTS = ("name", "help", "needs", "symptom", "leaves", "evidence", "inject")
_LOCAL = "lab_faults_of_working_directory"


class CatalogueError(LookupError):
    """A name that nothing answers to, a file that is no text, or a plug-in that cannot be used.

    ``hint`` says what to do, or is empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Source:
    """A file to read: ``label`` is how messages name it (``conn-reset.yaml (built in)``)."""

    name: str
    text: str
    label: str


def drills(here: Path | None = None) -> dict[str, Source]:
    """Every drill by name: ``./drills/NAME.yaml`` hides the built-in one of that name. ``here``: the working directory."""
    return _sources("drills", "drills", here or Path())


def loads(here: Path | None = None) -> dict[str, Source]:
    """Every load test by name, as :func:`drills`: ``./loads/NAME.yaml`` hides the built-in one."""
    return _sources("loads", "loads", here or Path())


def runbooks(here: Path | None = None) -> dict[str, Source]:
    """Every runbook by name, from ``./runbooks``: a team's own, for none is built in."""
    return _own("runbooks", here or Path())


def is_path(name: str) -> bool:
    return "/" in name or name.endswith((".yaml", ".yml"))


def find_drill(name: str, here: Path | None = None) -> Source:
    """A drill or a load test, by its name or by a path (with ``/``, or ending in .yaml or .yml).

    Raises CatalogueError for a name that none has, OSError for a path that cannot be read.
    """
    if is_path(name):
        path = (here or Path()) / name
        return Source(path.stem, _text(path), name)
    known = {**loads(here), **drills(here)}
    if name not in known:
        raise CatalogueError(f"no drill is called {name!r}: expected {one_of(known)}, or a path", nearest(name, known))
    return known[name]


def read_drill(name: str, patches: Sequence[str] = (), here: Path | None = None) -> Drill:
    """Finds the drill, its target and the faults, and reads it; a script of a load is run once, so that what is wrong with
    it is told before anything starts. Raises CatalogueError, DrillErrors, OSError.
    """
    from lab.drill.reader import read
    from lab.load.script import load_script

    source = find_drill(name, here)
    base = here or Path()
    drill = read(
        source.text,
        source.label,
        faults=faults(here),
        targets=targets(here),
        patches=patches,
        runbooks=runbooks(here),
        is_file=lambda path: (base / path).is_file(),
    )
    for script in {stage.load.python for stage in drill.stages if stage.load and stage.load.python}:
        load_script(base / script)
    return drill


def targets(here: Path | None = None) -> dict[str, Target]:
    """Every known target by name, from ``./targets`` and the package. Raises DrillErrors for a file that is wrong."""
    from lab.drill.reader import read_target

    found = _sources("targets", "drill/targets", here or Path())
    return {name: read_target(source.text, source.label) for name, source in found.items()}


def _sources(folder: str, packaged: str, here: Path) -> dict[str, Source]:
    built_in = [
        Source(Path(each.name).stem, each.read_text(encoding="utf-8"), f"{each.name} (built in)")
        for each in files("lab").joinpath(packaged).iterdir()
        if each.name.endswith(".yaml")
    ]
    return {source.name: source for source in sorted(built_in, key=_by_name)} | _own(folder, here)


def _own(folder: str, here: Path) -> dict[str, Source]:
    found = [Source(path.stem, _text(path), f"{folder}/{path.name}") for path in (here / folder).glob("*.yaml")]
    return {source.name: source for source in sorted(found, key=_by_name)}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: not text in UTF-8 (byte {error.start})", "save it as UTF-8") from error


def _by_name(source: Source) -> str:
    return source.name


def faults(here: Path | None = None) -> dict[str, type]:
    """Every fault class by its name: the entry points of group ``lab.faults``, then ``./faults/*.py``, which win.

    Raises CatalogueError, naming the plug-in, when one cannot be imported, is no fault, or takes the name of another.
    """
    found: dict[str, type] = {}
    loaded: set[Path] = set()
    for entry in entry_points(group=_GROUP):
        for module in _modules(entry):
            loaded.add(Path(inspect.getfile(module)).resolve())
            for kind in _faults_of(module, entry.value):
                if found.setdefault(_name(kind), kind) is not kind:
                    other = found[_name(kind)].__module__
                    raise CatalogueError(f"plug-in {entry.value}: fault {_name(kind)!r} of {kind.__module__} is also in {other}")
    for path in sorted((here or Path()).joinpath("faults").glob("*.py")):
        if path.resolve() not in loaded and not path.name.startswith("_"):
            found |= {_name(kind): kind for kind in _faults_of(_local_module(path), str(path))}
    return found


def _name(kind: type) -> str:
    return str(getattr(kind, "name", ""))


def _modules(entry: EntryPoint) -> Iterator[ModuleType]:
    """The module of an entry point, and all modules in it when it is a package."""
    top = _imported(entry.value, f"plug-in {entry.value} ({entry.name})")
    yield top
    for found in pkgutil.iter_modules(getattr(top, "__path__", ()), f"{top.__name__}."):
        yield _imported(found.name, f"plug-in {entry.value} ({entry.name})")


def _imported(name: str, plug_in: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # whatever somebody else's module raises while it is imported
        raise CatalogueError(f"{plug_in}: {name} cannot be imported: {type(error).__name__}: {error}") from error


def _local_module(path: Path) -> ModuleType:
    name = f"{_LOCAL}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CatalogueError(f"plug-in {path}: Python cannot load it")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pydantic look up annotations there
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever somebody else's file raises while it is run
        del sys.modules[name]
        raise CatalogueError(f"plug-in {path}: it cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _faults_of(module: ModuleType, plug_in: str) -> Iterator[type]:
    """The classes of a module that say ``inject``: each must be a whole fault."""
    for kind in vars(module).values():
        if isinstance(kind, type) and kind.__module__ == module.__name__ and hasattr(kind, "inject"):
            missing = [part for part in _PARTS if not hasattr(kind, part)] + ([] if is_dataclass(kind) else ["@dataclass"])
            if missing:
                what = f"{kind.__name__} is no fault: it has no {', '.join(missing)}"
                raise CatalogueError(f"plug-in {plug_in}: {what}", "copy faults/noop.py, it has every part")
            yield kind
