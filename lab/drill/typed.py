"""Data against a dataclass, through pydantic: the instance, and everything that does not fit.

Data goes in as JSON, in pydantic's strict mode: ``"8"`` is no number and ``1`` no truth value, but lists are tuples.
"""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterator, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from lab.drill.problems import Finding, Path, dotted
from lab.drill.suggest import nearest, one_of
from lab.drill.units import Unit

_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_NOT_FROM_FILES = {"skipped", "scale"}
"""Fields that the lab fills in, not the author of a file."""
_ROUNDS = 20


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def parse(kind: Any, data: Any) -> Any:
    """The instance. Raises pydantic's ValidationError."""
    return adapter(kind).validate_json(json.dumps(_with_field_names(kind, data)), strict=True)


def field_of(key: str) -> str:
    """The field of a key: ``for`` → ``for_``, because ``for`` is no name in Python."""
    return f"{key}_" if keyword.iskeyword(key) else key


def key_of(field: str) -> str:
    """The inverse of :func:`field_of`."""
    return field[:-1] if keyword.iskeyword(field[:-1]) else field


def _with_field_names(kind: Any, data: Any) -> Any:
    kind = _unwrapped(kind)
    if _is_noun(kind) and isinstance(data, dict):
        known = keys(kind)
        return {field_of(key): _with_field_names(known.get(key, Any), value) for key, value in data.items()}
    if isinstance(data, dict):
        return {key: _with_field_names(_inside(kind), value) for key, value in data.items()}
    return [_with_field_names(_inside(kind), value) for value in data] if isinstance(data, list) else data


def check(kind: Any, data: Any) -> tuple[Any, list[Finding]]:
    """The instance and every problem of ``data``.

    With problems, the instance is what is left when the wrong parts are taken out, for further checks; None when
    nothing useful is left.
    """
    findings = list(_unknown(kind, data))
    data = deepcopy(data)
    for finding in findings:
        data = _without(data, finding.path)
    value, found = _parsed(kind, data)
    findings += found
    for _ in range(_ROUNDS):  # a cut can leave something incomplete around it, which is cut next
        if not found or data is None:
            break
        for finding in found:
            data = _without(data, finding.path)
        value, found = _parsed(kind, data)
    return value, findings


def _parsed(kind: Any, data: Any) -> tuple[Any, list[Finding]]:
    try:
        return parse(kind, data), []
    except ValidationError as error:
        found = {_trim(kind, each["loc"]): each for each in error.errors(include_url=False)}
        return None, [_finding(kind, path, each) for path, each in found.items()]


def _unknown(kind: Any, data: Any, path: Path = ()) -> Iterator[Finding]:
    """Keys that the dataclasses do not have. Done here, because a fault's class need not tell pydantic to forbid them."""
    kind = _unwrapped(kind)
    if _is_noun(kind) and isinstance(data, dict):
        known = keys(kind)
        for key, value in data.items():
            if key in known:
                yield from _unknown(known[key], value, (*path, key))
            else:
                where = f" in {dotted(path)}" if path else ""
                yield Finding((*path, key), f"unknown key {key!r}{where}", one_of(known), _meant(kind, key, known))
    elif _is_container(kind) and isinstance(data, dict | list):
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _unknown(_inside(kind), value, (*path, step))


def _meant(kind: Any, key: str, known: Mapping[str, Any]) -> str:
    ours = getattr(kind, "other_words", {}).get(key)  # a fault's class need not have them
    return f"did you mean {ours!r}?" if ours else nearest(key, known)


@cache
def keys(kind: Any) -> Mapping[str, Any]:
    """The keys that a dataclass takes from a file, with their types."""
    hints = get_type_hints(kind, include_extras=True)
    return {key_of(field.name): hints[field.name] for field in fields(kind) if field.init and field.name not in _NOT_FROM_FILES}


def _unwrapped(kind: Any) -> Any:
    """``X | None`` → X. A union of several stays one."""
    rest = [each for each in get_args(kind) if each is not NoneType]
    return rest[0] if get_origin(kind) in (Union, UnionType) and len(rest) == 1 else kind


def _is_noun(kind: Any) -> bool:
    return is_dataclass(kind)


def _is_container(kind: Any) -> bool:
    """A mapping or a list of something; Annotated and Union have an origin too."""
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping | Sequence | Set)


def _inside(kind: Any) -> Any:
    """What the values of a mapping or the items of a list are."""
    return next((each for each in reversed(get_args(kind)) if each is not Ellipsis), Any) if _is_container(kind) else Any


def _kind_at(kind: Any, step: str | int) -> Any:
    """The type one step down, or None when the step leads nowhere (into the branches of a union)."""
    kind = _unwrapped(kind)
    if _is_noun(kind):
        return keys(kind).get(str(step))
    return _inside(kind) if _is_container(kind) else None


def _trim(kind: Any, loc: Path) -> Path:
    """Pydantic's location in the words of the file. The branches of a union (``…, "slots", "int"``) are one problem."""
    loc = tuple(key_of(step) if isinstance(step, str) else step for step in loc)
    for depth, step in enumerate(loc):
        kind = _kind_at(kind, step)
        if kind is None:
            return loc[:depth]
    return loc


def _finding(kind: Any, path: Path, error: Any) -> Finding:
    at = kind
    for step in path:
        at = _kind_at(at, step)
    where = dotted(path)
    if error["type"] == "missing":
        return Finding(path, f"{where} is missing", _expected(at))
    if error["type"] == "value_error":
        what, _, expected = str(error["ctx"]["error"]).partition(": expected ")
        return Finding(path, f"{where}: {what}" if where else what, expected or "another value")
    hint = nearest(str(error["input"]), get_args(at)) if get_origin(at) is Literal else ""
    shown = json.dumps(error["input"]) if isinstance(error["input"], bool | None) else repr(error["input"])
    return Finding(path, f"{where} is {shown if len(shown) <= 60 else shown[:57] + '...'}", _expected(at), hint)


def _expected(kind: Any) -> str:
    """In words, what a value of this type looks like in a file."""
    kind = _unwrapped(kind)
    origin, args = get_origin(kind), get_args(kind)
    units = [each for each in args if isinstance(each, Unit)]
    if units:
        return _unit_expected(units[0])
    if origin is Literal:
        return one_of(args)
    if origin in (Union, UnionType):
        return " or ".join(_expected(each) for each in args)
    if kind in _NAMES:
        return _NAMES[kind]
    return "a list" if origin is tuple else "a mapping"


def _unit_expected(unit: Unit) -> str:
    """A unit says what it wants when it is given nothing."""
    try:
        unit.parse(None)
    except ValueError as error:
        return str(error).partition(": expected ")[2]
    return "a quantity"


def _without(data: Any, path: Path) -> Any:
    """``data`` (changed in place) without what is wrong at ``path``, or without what is wrong for want of it."""
    if not path or data is None:
        return None
    parent = data
    for step in path[:-1]:
        if not _has(parent, step):
            return data  # cut already, with something around it
        parent = parent[step]
    if _stand_in(path) is not None:
        parent[path[-1]] = _stand_in(path)
    elif isinstance(parent, dict) and path[-1] in parent:
        del parent[path[-1]]
    else:
        return _without(data, path[:-1])
    return data


def _has(parent: Any, step: str | int) -> bool:
    if isinstance(parent, list):
        return isinstance(step, int) and step < len(parent)
    return isinstance(parent, dict) and step in parent


def _stand_in(path: Path) -> Any:
    """For what a drill cannot do without, so that the rest can be checked: a stage or a step that is none keeps its number."""
    match path:
        case ("drill",) | ("stages", _, "stage"):
            return "?"
        case ("target",):
            return {}
        case ("stages", int()):
            return {"stage": "?"}
        case (*_, "steps", int(), "step"):
            return "?"
        case (*_, "steps", int(), "do"):
            return "restart"
        case (*_, "steps", int()):
            return {"step": "?", "do": "restart"}
    return None
