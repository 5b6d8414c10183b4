"""What must hold between the parts of a drill, one generator per rule: each yields what breaks it.

Types and units are already right here. A rule names in ``about`` what else it looked at, so that nobody is told of a
consequence beside its cause.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lab.drill import alarm_rules, load_rules, respond_rules, threshold_problems
from lab.drill.address import address_of
from lab.drill.calls import build_fault
from lab.drill.model import Deed, Drill, Load, Request, Scalar, Stage, Thresholds
from lab.drill.problems import Finding, Path
from lab.drill.suggest import nearest, one_of
from lab.drill.typed import keys
from lab.drill.units import format_duration

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MOST_STAGES = 200
_MOST_REQUESTS = 256  # a row keeps the request's index in a byte
_SLOWEST_PROBE = 10.0
_TARGET = (("target", "use"), ("target", "requests"), ("target", "command"))


@dataclass(frozen=True)
class Known:
    """What the rules look things up in: fault classes by name, and the target's settings with their defaults."""

    faults: Mapping[str, type]
    settings: Mapping[str, Scalar]
    is_file: Callable[[str], bool] = bool
    """Of a path that a drill names; by default any path will do."""


def broken(drill: Drill, known: Known) -> Iterator[Finding]:
    """Everything that is wrong with a drill whose parts are right."""
    yield from _name(drill.drill, ("drill",), "drill")
    yield from _stages(drill)
    yield from _target(drill, known)
    yield from _ledger(drill)
    yield from _settings(drill.target.settings, ("target", "settings"), known)
    yield from _thresholds(drill, drill.thresholds, ("thresholds",), drill.stages)
    yield from alarm_rules.broken(drill)
    for index, stage in enumerate(drill.stages):
        yield from _stage(drill, stage, ("stages", index), known)


def _stage(drill: Drill, stage: Stage, at: Path, known: Known) -> Iterator[Finding]:
    yield from _name(stage.stage, (*at, "stage"), "stage")
    yield from _requests(drill, stage, at)
    yield from _writes(drill, stage, at)
    yield from _probe(stage, at)
    yield from _lane(stage, at, known)
    yield from _leaves(stage, at, known)
    yield from _ending(stage, at)
    yield from _load_test(stage, at)
    yield from _thresholds(drill, stage.thresholds, (*at, "thresholds"), [stage])
    yield from _settings(stage.target, (*at, "target"), known)
    for name, measure in stage.measures.items():
        yield from _settings(measure.target, (*at, "measures", name, "target"), known)
        for number, rule in enumerate(measure.respond):
            where = (*at, "measures", name, "respond", number)
            yield from _within(respond_rules.broken(rule), where)
            for below, deed in respond_rules.deeds(rule):
                yield from _within(respond_rules.of_target(deed, drill.target), (*where, *below))
                yield from _settings(deed.settings, (*where, *below, "settings"), known)
                yield from _program(deed, (*where, *below, "argv"), known)
    if stage.load:
        yield from _load(stage.load, (*at, "load"))
        yield from _script(stage.load, (*at, "load"), known)
        if drill.target.url is not None and stage.load.round_trip:
            what = f"a round_trip of {format_duration(stage.load.round_trip)}, and a target with a network of its own"
            yield Finding((*at, "load", "round_trip"), what, "no such key beside url", about=(("target", "url"),))


def _name(name: str, path: Path, noun: str) -> Iterator[Finding]:
    """Names become parts of file names and of ``--set NAME.key``."""
    if not _NAME.fullmatch(name):
        yield Finding(path, f"{noun} {name!r} cannot be part of a file name", "letters, digits, - and _, at most 64")
    elif noun == "drill" and name == "latest":
        yield Finding(path, "drill 'latest'", "another name: runs/latest is the newest run")
    elif noun == "stage" and name in keys(Drill):
        yield Finding(path, f"stage {name!r}", f"another name: --set {name}.… would not know which {name} is meant")


def _stages(drill: Drill) -> Iterator[Finding]:
    if not 1 <= len(drill.stages) <= _MOST_STAGES:
        yield Finding(("stages",), f"{len(drill.stages)} stages", f"1 to {_MOST_STAGES}")
    times = Counter(stage.stage for stage in drill.stages)
    first: dict[str, int] = {}
    for index, stage in enumerate(drill.stages):
        if first.setdefault(stage.stage, index) != index:
            what = f"{times[stage.stage]} stages are called {stage.stage!r}"
            yield Finding(("stages", index, "stage"), what, "a name of its own for each")


def _target(drill: Drill, known: Known) -> Iterator[Finding]:
    target = drill.target
    if target.use is None and target.command is None and target.url is None:
        what = "the target says neither use, command nor url"
        yield Finding(("target", "use"), what, "use: a known target, command: how to start one, or url: where one runs")
    if target.url is not None:
        yield from _url(drill, target.url, known)
    if len(target.requests) > _MOST_REQUESTS:
        yield Finding(("target", "requests"), f"{len(target.requests)} requests", f"at most {_MOST_REQUESTS}")
    for name, request in target.requests.items():
        if (request.post is None) == (request.get is None):
            yield Finding(("target", "requests", name), f"request {name!r} is not one method", "either post: PATH or get: PATH")


def _url(drill: Drill, url: str, known: Known) -> Iterator[Finding]:
    try:
        address = address_of(url)
    except ValueError as error:
        what, _, expected = str(error).partition(": expected ")
        yield Finding(("target", "url"), what, expected)
        return
    if not address.is_loopback and address.host not in drill.allow:
        expected = f"a service on loopback, or allow: [{address.host}] and --allow-host {address.host}"
        yield Finding(("target", "url"), f"{address.host} is not this machine", expected, about=(("allow",),))
    for index, stage in enumerate(drill.stages):
        if stage.lane == "proxy":
            yield Finding(("stages", index, "lane"), "lane: proxy to somebody's running service", "lane: direct")
        deeds = (deed for rule in stage.respond for _, deed in respond_rules.deeds(rule))
        hands_on = any(deed.do not in respond_rules.NEEDS_NO_PROCESS for deed in deeds)
        if hands_on or (stage.fault and "pid" in getattr(known.faults[stage.fault.name], "needs", ())):
            what = "the process of a service that the lab does not start"
            yield Finding(("stages", index, "stage"), what, "a fault and measures that need no process")
        if stage.target or stage.measure_settings:
            yield Finding(("stages", index, "target"), "settings for a service that the lab does not start", "no settings")


def _ledger(drill: Drill) -> Iterator[Finding]:
    if drill.checks and drill.target.ledger is None:
        expected = "a target with a ledger (the path that lists the keys it stored), or no checks"
        yield Finding(
            ("checks",), "the target has no ledger to check against", expected, about=(("target", "use"), ("target", "ledger"))
        )


def _settings(values: Mapping[str, Scalar], path: Path, known: Known) -> Iterator[Finding]:
    """A setting is one that the target declares, and of the type of its default."""
    for name, value in values.items():
        if name not in known.settings:
            hint = nearest(name, known.settings)
            yield Finding((*path, name), f"unknown setting {name!r}", one_of(known.settings), hint, (("target", "use"),))
        elif not _fits(value, known.settings[name]):
            expected = f"{_words(known.settings[name])}, as its default {known.settings[name]!r}"
            yield Finding((*path, name), f"setting {name} is {value!r}", expected, about=(("target", "settings", name),))


def _fits(value: Scalar, default: Scalar) -> bool:
    return type(value) is type(default) or (isinstance(default, float) and type(value) is int)


def _words(value: Scalar) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[type(value)]


def _requests(drill: Drill, stage: Stage, at: Path) -> Iterator[Finding]:
    known, probes = drill.target.requests, stage.probe.request
    if probes not in known:
        what = f"the target has no request {probes!r}, which the probe asks"
        expected = f"probe: {{request: NAME}} with {one_of(known)}"
        yield Finding((*at, "probe", "request"), what, expected, nearest(probes, known), _TARGET)
    for name in stage.load.request if stage.load else ():
        if name not in known:
            what = f"the target has no request {name!r}"
            yield Finding((*at, "load", "request", name), what, one_of(known), nearest(name, known), _TARGET)


def _writes(drill: Drill, stage: Stage, at: Path) -> Iterator[Finding]:
    """A probe that writes into somebody's service must be meant."""
    request = drill.target.requests.get(stage.probe.request)
    foreign = drill.target.use is None or drill.target.url is not None
    if request and _does_write(request) and foreign and not drill.target.writes:
        what = f"the probe's request {stage.probe.request!r} writes into a service of your own"
        expected = "target.writes: true if that is meant, or a request that only reads"
        yield Finding((*at, "probe", "request"), what, expected, about=(*_TARGET, ("target", "writes")))


def _does_write(request: Request) -> bool:
    return request.post is not None if request.writes is None else request.writes


def _probe(stage: Stage, at: Path) -> Iterator[Finding]:
    if stage.probe.rate < _SLOWEST_PROBE:
        yield Finding((*at, "probe", "rate"), f"a probe of {stage.probe.rate:g}/s", f"at least {_SLOWEST_PROBE:g}/s")
    if stage.probe.kept < 1:
        yield Finding((*at, "probe", "kept"), f"{stage.probe.kept} kept connections", "at least 1")


def _lane(stage: Stage, at: Path, known: Known) -> Iterator[Finding]:
    if stage.fault and stage.lane != "proxy" and "proxy" in getattr(known.faults[stage.fault.name], "needs", ()):
        what = f"fault {stage.fault.name} works in the proxy, and the stage's lane is {stage.lane}"
        yield Finding((*at, "fault"), what, "lane: proxy", about=((*at, "lane"),))


def _leaves(stage: Stage, at: Path, known: Known) -> Iterator[Finding]:
    """What a fault writes into the configuration must be something that the target reads."""
    if stage.fault is None:
        return
    try:
        left = getattr(build_fault(stage.fault, known.faults), "leaves", None) or {}
    except ValueError:
        return  # its parameters are wrong, which has been told
    for name in left:
        if name not in known.settings:
            what = f"fault {stage.fault.name} stays in setting {name!r}, which the target has not"
            yield Finding((*at, "fault"), what, one_of(known.settings), about=(("target", "use"), ("target", "settings")))


def _ending(stage: Stage, at: Path) -> Iterator[Finding]:
    if not stage.until_recovered:
        return
    if stage.within.recover is None:
        path = (*at, "within", "recover")
        yield Finding(path, "lasts until recovered, but no deadline", "within: {recover: …}", about=((*at, "lasts"),))
    if stage.fault is None:
        yield Finding((*at, "lasts"), "lasts until recovered without a fault", "a fault, or a duration", about=((*at, "fault"),))


def _load_test(stage: Stage, at: Path) -> Iterator[Finding]:
    if not stage.is_load_test:
        return
    if stage.load is None:
        yield Finding((*at, "judge"), "judge: load without a load", "a load, or judge: probe", about=((*at, "load"),))
    if stage.fault is not None:
        yield Finding((*at, "judge"), "judge: load with a fault", "judge: probe, or no fault", about=((*at, "fault"),))


def _thresholds(drill: Drill, thresholds: Thresholds, at: Path, about: Sequence[Stage]) -> Iterator[Finding]:
    """``about``: the stages whose requests they are held against."""
    stages, requests = [stage.stage for stage in drill.stages], list(drill.target.requests)
    scripted = any(stage.load.scripted for stage in about if stage.load)
    for each in threshold_problems.problems(thresholds, scenarios=stages, requests=requests, scripted=scripted):
        yield replace(each, path=(*at, *each.path))


def _script(load: Load, at: Path, known: Known) -> Iterator[Finding]:
    for key, path, what in (("k6", load.k6, "a k6 script"), ("python", load.python, "a script in Python")):
        if path and not known.is_file(path):
            yield Finding((*at, key), f"there is no file {path!r}", f"the path of {what}, from the working directory")


def _program(rule: Deed, at: Path, known: Known) -> Iterator[Finding]:
    """One that is named by a path must be there; what is in PATH is found when it is needed."""
    if rule.argv and "/" in rule.argv[0] and not known.is_file(rule.argv[0]):
        yield Finding((*at, 0), f"there is no file {rule.argv[0]!r}", "the path of a program, from the working directory")


def _load(load: Load, at: Path) -> Iterator[Finding]:
    yield from _within(load_rules.broken(load), at)


def _within(findings: Iterator[Finding], at: Path) -> Iterator[Finding]:
    """What is wrong with a part, placed in the whole."""
    for each in findings:
        yield replace(each, path=(*at, *each.path), about=tuple((*at, *path) for path in each.about))
