"""A load in k6's words: one scenario. Pure; the rows of docs/k6.md, read from right to left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.against_k6.plans import Plan
from lab.drill.model import Load

_COUNTED = ("iterations", "dropped_iterations")


def options(plans: Sequence[Plan]) -> Mapping[str, Any]:
    """Of one script for all ``plans``. The thresholds hold always: without one k6 counts no scenario by itself."""
    return {
        "scenarios": {plan.name: scenario(plan.load) for plan in plans},
        "thresholds": {f"{metric}{{scenario:{plan.name}}}": ["count>=0"] for metric in _COUNTED for plan in plans},
    }


def scenario(load: Load) -> Mapping[str, Any]:
    return {
        "executor": load.executor,
        "startTime": _time(load.start_time),
        "gracefulStop": _time(load.graceful_stop),
        **_own(load),
    }


def _own(load: Load) -> Mapping[str, Any]:
    match load.executor:
        case "shared-iterations" | "per-vu-iterations":
            return {"vus": load.vus, "iterations": load.iterations, "maxDuration": _time(load.max_duration)}
        case "constant-vus":
            return {"vus": load.vus, "duration": _time(load.duration or 0.0)}
        case "ramping-vus":
            stages = [{"duration": _time(ramp.over), "target": round(ramp.to)} for ramp in load.ramp]
            return {"startVUs": load.start_vus, "stages": stages, "gracefulRampDown": _time(load.graceful_ramp_down)}
        case "constant-arrival-rate":
            per, unit = _per([load.rate or 0.0])
            return {"rate": per[0], "timeUnit": unit, "duration": _time(load.duration or 0.0), **_pool(load)}
        case "ramping-arrival-rate":
            (first, *rest), unit = _per([load.start_rate, *(ramp.to for ramp in load.ramp)])
            stages = [{"duration": _time(ramp.over), "target": to} for ramp, to in zip(load.ramp, rest, strict=True)]
            return {"startRate": first, "timeUnit": unit, "stages": stages, **_pool(load)}
    raise ValueError(f"{load.executor}: no scenario of k6's")


def _pool(load: Load) -> Mapping[str, Any]:
    return {"preAllocatedVUs": load.vus, "maxVUs": load.most_vus}


def _per(rates: Sequence[float]) -> tuple[list[int], str]:
    """k6 takes whole numbers only: per second, or else per minute."""
    for unit, seconds in (("1s", 1), ("1m", 60)):
        per = [rate * seconds for rate in rates]
        if all(abs(each - round(each)) < 1e-6 for each in per):
            return [round(each) for each in per], unit
    raise ValueError(f"{rates}: neither whole numbers per second nor per minute")


def _time(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
