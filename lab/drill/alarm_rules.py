"""What must hold of alarm rules, and of the measures that wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.drill.model import SAMPLE_S, Alarms, Drill, HealthAlarm, LatencyAlarm, OverflowsAlarm, Stage
from lab.drill.problems import Finding, Path
from lab.drill.units import format_duration

FASTEST_S = 0.01
"""Between two questions to a health check: as often as alarms are looked at."""


def broken(drill: Drill) -> Iterator[Finding]:
    """Everything that is wrong with the alarms of a drill whose parts are right."""
    heirs = [stage for stage in drill.stages if stage.alarm is None]
    if drill.alarm is not None:
        yield from _alarms(drill, drill.alarm, ("alarm",), heirs)
    for index, stage in enumerate(drill.stages):
        at: Path = ("stages", index)
        if stage.alarm is not None:
            yield from _alarms(drill, stage.alarm, (*at, "alarm"), [stage])
        yield from _waited_for(stage, stage.alarm or drill.alarm, at)


def _alarms(drill: Drill, alarms: Alarms, at: Path, stages: Sequence[Stage]) -> Iterator[Finding]:
    """``stages``: those in which these alarms are in force."""
    if alarms.latency is not None:
        slowest = min((stage.probe.rate for stage in stages), default=None)
        yield from _latency(alarms.latency, (*at, "latency"), slowest)
    if alarms.overflows is not None:
        yield from _overflows(alarms.overflows, (*at, "overflows"))
    if alarms.health is not None:
        yield from _health(alarms.health, (*at, "health"))
    if alarms.connections is not None and alarms.connections.above.of_limit:
        yield from _limit(drill, (*at, "connections", "above"))
    if drill.target.url is not None:
        for name in [*alarms.of_listener, *(["died"] if alarms.died else [])]:
            what = f"alarm {name} looks at a process that the lab does not start"
            yield Finding((*at, name), what, "errors, latency or health: they ask it", about=(("target", "url"),))


def _latency(rule: LatencyAlarm, at: Path, rate: float | None) -> Iterator[Finding]:
    if rule.at_least < 1:
        yield Finding((*at, "at_least"), f"a percentile of {rule.at_least} requests", "at least 1")
    elif rate is not None and rule.over * rate < rule.at_least:
        what = f"a probe of {rate:g}/s sends fewer than {rule.at_least} requests in {format_duration(rule.over)}"
        shortest = format_duration(round(rule.at_least / rate, 6))
        yield Finding((*at, "over"), what, f"at least {shortest}", about=((*at, "at_least"),))


def _overflows(rule: OverflowsAlarm, at: Path) -> Iterator[Finding]:
    if rule.above < 0:
        yield Finding((*at, "above"), f"more than {rule.above} drops", "0 or more")
    if rule.over < SAMPLE_S:
        every = format_duration(SAMPLE_S)
        yield Finding(
            (*at, "over"), f"a window of {format_duration(rule.over)}: drops are read every {every}", f"at least {every}"
        )


def _health(rule: HealthAlarm, at: Path) -> Iterator[Finding]:
    if rule.misses < 1:
        yield Finding((*at, "misses"), f"{rule.misses} answers missed", "at least 1")
    if rule.every < FASTEST_S:
        often = f"asked every {format_duration(rule.every)}, which is load of its own"
        yield Finding((*at, "every"), often, f"at least {format_duration(FASTEST_S)}")
    elif not 0 < rule.timeout <= rule.every:
        what = f"a timeout of {format_duration(rule.timeout)} for what is asked every {format_duration(rule.every)}"
        yield Finding((*at, "timeout"), what, f"more than 0s, at most {format_duration(rule.every)}", about=((*at, "every"),))


def _limit(drill: Drill, path: Path) -> Iterator[Finding]:
    limit = drill.target.settings.get("max_connections")
    if isinstance(limit, bool) or not isinstance(limit, int):
        what = "a share of max_connections, which the target has no setting for"
        yield Finding(path, what, "how many connections: 120", about=(("target", "use"), ("target", "settings")))


def _waited_for(stage: Stage, alarms: Alarms, at: Path) -> Iterator[Finding]:
    for name, measure in stage.measures.items():
        for index, rule in enumerate(measure.respond):
            if getattr(alarms, rule.when) is None:
                path = (*at, "measures", name, "respond", index, "when")
                what = f"measure {name} waits for alarm {rule.when!r}, which the stage has not"
                expected = f"an alarm {rule.when}: in the stage or in the drill"
                yield Finding(path, what, expected, about=(("alarm",), (*at, "alarm")))
