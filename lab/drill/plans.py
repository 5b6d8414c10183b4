"""Load tests put together and shortened: drills in, a drill out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.drill.model import Drill, Load, Scalar, Stage


def chained(name: str, about: str, drills: Sequence[Drill]) -> Drill:
    """The stages of several drills, one after the other. They have one target; its settings are those of the first."""
    first, *_ = drills
    stages = tuple(stage for drill in drills for stage in drill.stages)
    thresholds: dict[str, tuple[str | Mapping[str, Scalar], ...]] = {}
    for drill in drills:
        for selector, said in drill.thresholds.items():
            thresholds[selector] = (*thresholds.get(selector, ()), *said)
    checks = tuple(dict.fromkeys(check for drill in drills for check in drill.checks))
    return replace(first, drill=name, about=about, stages=stages, thresholds=thresholds, checks=checks)


def scaled(drill: Drill, scale: float) -> Drill:
    """Durations, ramps, delays and rests multiplied, users as they were: what it tells of bursts stays, of slow leaks it
    does not. Limits stay: ``max_duration``, graces, time-outs, windows of thresholds.
    """
    return replace(drill, scale=scale, stages=tuple(_stage(stage, scale) for stage in drill.stages))


def _stage(stage: Stage, scale: float) -> Stage:
    return replace(stage, rest=stage.rest * scale, load=_load(stage.load, scale) if stage.load else None)


def _load(load: Load, scale: float) -> Load:
    return replace(
        load,
        duration=None if load.duration is None else load.duration * scale,
        ramp=tuple(replace(ramp, over=ramp.over * scale) for ramp in load.ramp),
        start_time=load.start_time * scale,
    )
