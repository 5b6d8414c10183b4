"""A drill in plain words, for ``lab show``: what will happen, in order, and what is judged."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from lab.drill.describe_alarms import described
from lab.drill.model import Drill, FaultCall, Load, Measure, Probe, Respond, Stage, Step, Target
from lab.drill.units import format_duration, format_limit, format_rate, format_scalar

_CHECKS = {
    "no_oversell": "no more coupons are issued than there are",
    "no_lost_order": "every order that was acknowledged is stored",
    "no_duplicate_order": "no order is stored twice for one key",
}


def describe(drill: Drill) -> str:
    """Several lines, without an end of line at the end."""
    return "\n".join([drill.drill, *_indented(_drill(drill))])


def _drill(drill: Drill) -> Iterator[str]:
    if drill.about:
        yield drill.about
    yield f"target: {_target(drill.target)}"
    for number, stage in enumerate(drill.stages, 1):
        yield ""
        yield f"{number}/{len(drill.stages)} {stage.stage}"
        yield from _indented(_stage(stage))
        if stage.stage in drill.skipped:
            yield f"  skipped: {drill.skipped[stage.stage]}"
    if drill.checks:
        yield ""
        yield f"At the end: {'; '.join(_CHECKS[check] for check in drill.checks)}."


def _stage(stage: Stage) -> Iterator[str]:
    if stage.rest:
        yield f"After {format_duration(stage.rest)} of rest:"
    if stage.target:
        yield f"The target has {_settings(stage.target)}."
    if stage.kernel.given:
        yield f"The kernel of the room's own network has {_settings(stage.kernel.given)}."
    yield _load(stage.load, stage.lane)
    yield _probe(stage.probe)
    yield _load_test(stage) if stage.is_load_test else _ending(stage)
    yield from described(stage.alarm)
    for name, measure in stage.measures.items():
        yield f"Measure {name}: {_measure(measure)}."
    if stage.fault and not stage.respond:
        yield "Nobody acts: no measure of this stage restarts anything."
    budgets = [*_budgets(stage), *(f"{metric} {said}" for metric, each in stage.thresholds.items() for said in each)]
    yield f"Passes with {', '.join(budgets)}." if budgets else "No budget: it is measured, not judged."


def _target(target: Target) -> str:
    return target.url or target.use or f"your own service ({target.command})"


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {format_scalar(value)}" for name, value in settings.items())


def _load(load: Load | None, lane: str) -> str:
    way = "through the proxy" if lane == "proxy" else "straight at the target"
    if load is None:
        return f"No users; the probe goes {way}."
    if load.k6:
        return f"The real k6 runs {load.k6} in the users' place, {way}."
    if load.python:
        return f"{users_of(load)} run {load.python} {way}."
    asked = " and ".join(f"{name} ×{weight}" if len(load.request) > 1 else name for name, weight in load.request.items())
    connections = "a new connection for each request" if load.connections == "fresh" else "kept connections"
    if load.round_trip:
        connections += f", over a network with a round trip of {format_duration(load.round_trip)}"
    return f"{users_of(load)} ask for {asked} {way}, {connections}."


def users_of(load: Load) -> str:
    """``50 VUs``, ``300 VUs sharing 300 iterations``, ``VUs 1 → 10 → 300 → 0``, ``100/s by up to 50 VUs``."""
    arrow = " → ".join
    match load.executor:
        case "shared-iterations":
            return f"{load.vus} VUs sharing {load.iterations} iterations"
        case "per-vu-iterations":
            return f"{load.vus} VUs, {load.iterations} iterations each"
        case "ramping-vus":
            return f"VUs {arrow(f'{level:g}' for level in (load.start_vus, *(ramp.to for ramp in load.ramp)))}"
        case "constant-arrival-rate":
            return f"{format_rate(load.rate or 0.0)} by up to {load.most_vus} VUs"
        case "ramping-arrival-rate":
            levels = arrow(f"{level:g}" for level in (load.start_rate, *(ramp.to for ramp in load.ramp)))
            return f"{levels} per second by up to {load.most_vus} VUs"
    return f"k6 {load.k6}" if load.k6 else f"{load.vus} VUs"


def _probe(probe: Probe) -> str:
    bad = f"bad when not connected after {format_duration(probe.connect)} or not answered after {format_duration(probe.slow)}"
    return f"The probe asks for {probe.request} {format_rate(probe.rate)}, half of it on new connections; {bad}."


def _ending(stage: Stage) -> str:
    watched = f"after {format_duration(stage.baseline_s)} of load and baseline"
    if stage.fault is None:
        return f"No fault: {watched} it runs {format_duration(stage.lasts)} more."
    if stage.until_recovered:
        return f"Fault {_fault(stage.fault)} {watched}, until recovered (or {format_duration(stage.deadline_s)} later)."
    return f"Fault {_fault(stage.fault)} {watched}; the lab ends it after {format_duration(stage.lasts)}."


def _load_test(stage: Stage) -> str:
    return f"A load test: it ends with its load, {format_duration(round(stage.load_s, 3))} at the latest."


def _fault(call: FaultCall) -> str:
    return f"{call.name} ({_settings(call.parameters)})" if call.parameters else call.name


def _measure(measure: Measure) -> str:
    rules = [f"on alarm {rule.when} {_does(rule)} (at most {format_limit(rule.limit)})" for rule in measure.respond]
    settings = [f"from the next start {_settings(measure.target)}"] if measure.target else []
    return "; ".join(rules + settings) or "does nothing"


def _does(rule: Respond | Step) -> str:
    match rule.do:
        case "nobody":
            return "people act"
        case "restart":
            brings = f" with {_settings(rule.settings)}" if rule.settings else ""
            return f"restart{brings}" + (
                f", with {format_duration(rule.grace)} to end by itself" if rule.how == "graceful" else ""
            )
        case "set":
            return f"set {_settings(rule.settings)}, live"
        case "command":
            return f"run {shlex.join(rule.argv)}, for at most {format_duration(rule.timeout)}"
        case "scale-out":
            return "one more worker" + _spaced(rule, f", up to {rule.max}" if isinstance(rule, Respond) else "")
        case "scale-in":
            return "one worker less" + _spaced(rule)
        case "runbook" if isinstance(rule, Respond):
            return f"follow {rule.action}: {'; '.join(f'{n}. {_step(step)}' for n, step in enumerate(rule.steps, 1))}"
    return rule.do


def _spaced(rule: Respond | Step, most: str = "") -> str:
    """A step of a runbook is taken once."""
    return f"{most}, {format_duration(rule.cool_down)} apart" if isinstance(rule, Respond) else ""


def _step(step: Step) -> str:
    after = f"after {format_duration(step.wait)} " if step.wait else ""
    return f"{step.step} ({after}{_does(step)}{', until it is ready' if step.until else ''})"


def _budgets(stage: Stage) -> Iterator[str]:
    since = "the injection" if stage.until_recovered else "the heal"
    within = stage.within
    if within.detect is not None:
        yield f"an alarm within {format_duration(within.detect)}"
    if within.recover is not None:
        yield f"recovery within {format_duration(within.recover)} of {since}"
    if within.bad_seconds is not None:
        yield f"at most {within.bad_seconds:g} bad-seconds"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" if line else "" for line in lines)
