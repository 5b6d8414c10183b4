"""Fault calls: which fault, with parameters that its own dataclass accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.drill.model import FaultCall
from lab.drill.problems import Finding, Path
from lab.drill.suggest import nearest, one_of
from lab.drill.typed import adapter, check, field_of, keys, parse


def build_fault(call: FaultCall, faults: Mapping[str, type]) -> Any:
    """The fault itself. Raises LookupError when it is not known here, ValueError when its parameters do not fit (any more)."""
    if call.name not in faults:
        raise LookupError(f"no fault is called {call.name!r}: expected {one_of(faults)}")
    return parse(faults[call.name], dict(call.parameters))


def read_call(raw: Any, path: Path, faults: Mapping[str, type]) -> tuple[FaultCall | None, list[Finding]]:
    """``crash``, ``{crash: {}}`` or ``{backlog: {size: 16}}`` → the call with every parameter, defaults too.

    ``path`` leads to ``raw``. With problems, the call is what could be understood, or None.
    """
    if isinstance(raw, str):
        raw = {raw: {}}
    if not isinstance(raw, dict) or len(raw) != 1:
        return None, [Finding(path, f"fault is {raw!r}", "one fault: its name, or its name and its parameters")]
    ((name, parameters),) = raw.items()
    if name not in faults:
        return None, [Finding((*path, name), f"unknown fault {name!r}", one_of(faults), nearest(name, faults))]
    return _call(name, {} if parameters is None else parameters, (*path, name), faults[name])


def _call(name: str, parameters: Any, path: Path, kind: type) -> tuple[FaultCall, list[Finding]]:
    if not isinstance(parameters, dict):
        return FaultCall(name), [Finding(path, f"parameters of {name} are {parameters!r}", "a mapping")]
    fault, findings = check(kind, parameters)
    placed = [replace(finding, path=(*path, *finding.path), what=f"fault {name}: {finding.what}") for finding in findings]
    return FaultCall(name, _as_written(kind, fault) if fault is not None else {}), placed


def _as_written(kind: type, fault: Any) -> dict[str, Any]:
    values: dict[str, Any] = adapter(kind).dump_python(fault, mode="json")
    return {key: values[field_of(key)] for key in keys(kind)}
