"""The short forms of a drill file, written out: data in, data out. What does not look as it should is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lab.drill.model import Target
from lab.drill.problems import Path
from lab.drill.typed import adapter

_MERGED = ("settings", "requests", "help", "shown_by")
"""Mappings of a known target to which a drill adds, or of which it replaces single entries; other keys replace."""


def nothings(data: Any, path: Path = ()) -> Iterator[Path]:
    """Keys without a value. A body (``json``) may hold null; a fault without parameters (``{crash: }``) is complete."""
    if data is None and path[-2:-1] != ("fault",):
        yield path
    if isinstance(data, dict | list) and path[-1:] != ("json",):
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from nothings(value, (*path, step))


def without_nothings(data: Any) -> Any:
    """The same without the keys that :func:`nothings` finds."""
    if isinstance(data, dict):
        return {k: v if k in ("json", "fault") else without_nothings(v) for k, v in data.items() if v is not None}
    return [without_nothings(each) for each in data] if isinstance(data, list) else data


def write_out(drill: dict[str, Any]) -> dict[str, Any]:
    """``request: order`` → ``request: {order: 1}``, ``ramp: [{30s: 300}]`` → ``[{over: 30s, to: 300}]``, in every load."""
    stages = drill.get("stages")
    drill = _with(drill, "thresholds", _thresholds)
    return {**drill, "stages": [_stage(stage) for stage in stages]} if isinstance(stages, list) else drill


def _thresholds(thresholds: Any) -> Any:
    """One expression may stand without a list around it."""
    if not isinstance(thresholds, dict):
        return thresholds
    return {selector: said if isinstance(said, list) else [said] for selector, said in thresholds.items()}


def _stage(stage: Any) -> Any:
    stage = _with(stage, "thresholds", _thresholds)
    return _with(stage, "load", _load)


def _load(load: Any) -> Any:
    load = _with(_with(load, "request", _weights), "ramp", _ramps)
    return {"executor": "k6", **load} if isinstance(load, dict) and "k6" in load else load


def _ramps(ramps: Any) -> Any:
    return [_ramp(each) for each in ramps] if isinstance(ramps, list) else ramps


def _ramp(ramp: Any) -> Any:
    if not isinstance(ramp, dict) or len(ramp) != 1 or set(ramp) & {"over", "to"}:
        return ramp
    ((over, to),) = ramp.items()
    return {"over": over, "to": to}


def _weights(request: Any) -> Any:
    return {request: 1} if isinstance(request, str) else request


def _with(data: Any, key: str, change: Callable[[Any], Any]) -> Any:
    return {**data, key: change(data[key])} if isinstance(data, dict) and key in data else data


def over(known: Target, own: dict[str, Any]) -> dict[str, Any]:
    """A drill's own words about its target, laid over the known target that it uses."""
    base: dict[str, Any] = adapter(Target).dump_python(known, mode="json", exclude_defaults=True)
    merged = {key: {**base.get(key, {}), **own[key]} for key in _MERGED if isinstance(own.get(key), dict)}
    return {**base, **own, **merged}
