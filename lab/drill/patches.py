"""``--set STAGE.key=value`` on a drill's data before it is checked, and ``--without MEASURE`` on the drill itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from lab.drill.model import Drill
from lab.drill.positions import Document, Mark, scalar_or_flow
from lab.drill.problems import DrillErrors, Path, Problem, dotted
from lab.drill.suggest import nearest, one_of
from lab.drill.typed import keys


def patched(document: Document, patches: Sequence[str]) -> tuple[Document, list[Problem]]:
    """The document with each ``NAME.key.key=value`` laid over it; NAME is a stage or a key of the drill.

    What a patch brings in is checked like the rest, and its problems are placed at ``--set NAME.key.key``.
    """
    problems: list[Problem] = []
    for patch in patches:
        document, wrong = _one(document, patch)
        problems += wrong
    return document, problems


def _one(document: Document, patch: str) -> tuple[Document, list[Problem]]:
    dotted_name, equals, text = patch.partition("=")
    label = f"--set {dotted_name}"
    if not equals or not all(dotted_name.split(".")):
        return document, [
            Problem(f"--set {patch}", 0, "not a patch", "NAME.key=value, such as accept-queue.fault.backlog.size=8")
        ]
    value, problems = scalar_or_flow(text, label)
    first, *rest = dotted_name.split(".")
    start = _start(document.data, first)
    if start is None:
        names = {*_stage_names(document.data), *keys(Drill)}
        problems.append(
            Problem(label, 0, f"no stage and no key of a drill is called {first!r}", one_of(names), nearest(first, names))
        )
    elif not rest and len(start) > 1:
        problems.append(Problem(label, 0, f"{first} is a whole stage", "one of its keys, such as " + first + ".lasts=3s"))
    if problems or start is None:
        return document, problems
    data = deepcopy(document.data)
    path, blocked = _put(data, start, rest, value)
    if blocked:
        return document, [Problem(label, 0, blocked, "a path of names and numbers that the drill has")]
    kept = {at: mark for at, mark in document.marks.items() if at[: len(path)] != path}
    return Document(data, {**kept, path: Mark(label, 0)}), []


def _stage_names(data: Any) -> list[str]:
    """By index; a stage without a proper name has an empty one."""
    stages = data.get("stages") if isinstance(data, dict) else None
    names = (
        [stage.get("stage") if isinstance(stage, dict) else None for stage in stages or ()] if isinstance(stages, list) else []
    )
    return [name if isinstance(name, str) else "" for name in names]


def _start(data: Any, name: str) -> Path | None:
    names = _stage_names(data)
    if name in names:
        return ("stages", names.index(name))
    return (name,) if name in keys(Drill) and isinstance(data, dict) else None


def _put(data: Any, start: Path, rest: list[str], value: Any) -> tuple[Path, str]:
    """Puts the value in place (in ``data``); returns its path, and what was in the way."""
    steps: Path = (*start, *rest)
    here: Any = data
    path: Path = ()
    for depth, step in enumerate(steps, 1):
        at = _index(here, step)
        if at is None:
            return (), f"{dotted(path)} has no {step!r}"
        path = (*path, at)
        if depth == len(steps):
            here[at] = value
        else:
            here = _opened(here, at, steps[depth])
    return path, ""


def _index(here: Any, step: str | int) -> str | int | None:
    """The key or index that ``step`` is in ``here``; a mapping takes new keys, a list no new items."""
    if isinstance(here, dict):
        return step
    if isinstance(here, list) and str(step).isdecimal() and int(step) < len(here):
        return int(step)
    return None


def _opened(here: Any, at: Any, following: str | int) -> Any:
    """What is at ``at``, made a mapping where it is absent or a short form (``fault: backlog``, ``request: order``)."""
    value = here[at] if isinstance(here, list) else here.get(at)
    if value is None:
        here[at] = {}
    elif isinstance(value, str) and at == "request":
        here[at] = {value: 1}
    elif isinstance(value, str) and at == "fault" and value == following:
        here[at] = {value: {}}
    return here[at]


def measures(drill: Drill) -> list[str]:
    """Every measure of the drill, in its order."""
    return list(dict.fromkeys(name for stage in drill.stages for name in stage.measures))


def resolve(drill: Drill, without: Iterable[str]) -> Drill:
    """The drill with these measures taken out of every stage: the control arm.

    Raises :class:`DrillErrors` for a name that is no measure of the drill.
    """
    taken, known = list(without), measures(drill)
    unknown = [name for name in taken if name not in known]
    if unknown:
        raise DrillErrors(
            Problem(f"--without {name}", 0, f"drill {drill.drill} has no such measure", one_of(known), nearest(name, known))
            for name in unknown
        )
    stages = (replace(stage, measures={k: v for k, v in stage.measures.items() if k not in taken}) for stage in drill.stages)
    return replace(drill, stages=tuple(stages))
