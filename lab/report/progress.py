"""What a run in progress looks like: the state that a live display shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from lab.drill.model import RunPlan, Stage
from lab.history.model.events import (
    AlarmEvent,
    BaselineEvent,
    Event,
    HealEvent,
    InjectEvent,
    LoadEvent,
    RunEvent,
    StageEvent,
    TickEvent,
)
from lab.nanoseconds import NS_PER_S
from lab.report.quantities import count, duration, printable, share

START_S = 1.0
"""Allowed for a target, a lane and a load to start; the target's boot was measured at 0.35 s."""
MINUTE = 60
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Progress:
    """``end_s``: the latest instant at which the run can be over by its plan, in seconds since the start, as ``t_s`` is."""

    plan: RunPlan
    t_s: float = 0.0
    index: int | None = None
    phase: str = "starting"
    end_s: float | None = None
    alarm: str = ""
    tick: TickEvent | None = None
    rates: tuple[float, ...] = ()
    """Requests per second in each of the last 60 seconds of the stage."""

    def lines(self) -> tuple[str, ...]:
        """Where it is; what is known; and, once there is something to draw, the rate of the last minute."""
        left = "" if self.end_s is None else f"at most {max(0.0, self.end_s - self.t_s):.0f} s left"
        alarm = f"last alarm: {self.alarm}" if self.alarm else "no alarm"
        where = _joined(self.plan.drill.drill, self._stage(), self.phase, left)
        test = self.index is not None and self.plan.drill.stages[self.index].is_load_test
        known = _joined(*([] if test else [alarm]), *_shares(self.tick), *_statuses(self.tick))
        drawn = (f"{sparkline(self.rates)} {count(round(max(self.rates)))}/s at most",) if len(self.rates) > 1 else ()
        return (where, known, *drawn)

    def _stage(self) -> str:
        if self.index is None:
            return ""
        stages = self.plan.drill.stages
        return f"{self.index + 1}/{len(stages)} {stages[self.index].stage}"


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _shares(tick: TickEvent | None) -> Iterator[str]:
    """``97 % ok, 3 % reset`` of the last tick."""
    total = sum(tick.shares.values()) if tick else 0
    if tick and total:
        yield ", ".join(f"{share(n / total)} {name.replace('_', ' ')}" for name, n in tick.shares.items() if n)
    if tick and tick.rate:
        yield f"{count(round(tick.rate))}/s"
        quantiles = ((name, ms) for name, ms in (("p50", tick.p50_ms), ("p95", tick.p95_ms), ("p99", tick.p99_ms)) if ms)
        yield ", ".join(f"{name} {duration(ms / 1000)}" for name, ms in quantiles)
    if tick and tick.vus:
        yield f"{count(tick.vus)} VUs"


def _statuses(tick: TickEvent | None) -> Iterator[str]:
    """``200 ×512, 400 ×88``"""
    if tick and tick.statuses:
        yield ", ".join(f"{status} ×{count(number)}" for status, number in tick.statuses.items())


def sparkline(values: Sequence[float]) -> str:
    """One character each, from nothing to the highest."""
    high = max(values, default=0.0)
    return "".join(_BARS[round(value / high * (len(_BARS) - 1))] if high > 0 else _BARS[0] for value in values)


def after(progress: Progress, event: Event) -> Progress:
    """The state once ``event`` has happened. An event that it does not know only moves the time on."""
    now = replace(progress, t_s=max(progress.t_s, event.t_ns / NS_PER_S))
    match event:
        case StageEvent(phase="begin"):
            return _stage_begins(now, event)
        case LoadEvent(phase="begin"):
            return _load_begins(now)
        case BaselineEvent(phase="begin"):
            return replace(now, phase="baseline")
        case InjectEvent(phase="begin"):
            return _until_end(replace(now, phase=f"fault {event.fault}"), lambda stage: stage.fault_s + stage.cool_s)
        case HealEvent(phase="end"):
            return _until_end(replace(now, phase="cool"), lambda stage: stage.cool_s)
        case AlarmEvent(phase="begin"):
            return replace(now, alarm=alarm_text(event))
        case AlarmEvent(phase="end"):
            return replace(now, alarm=f"{now.alarm or event.alarm} (cleared)")
        case TickEvent():
            return replace(now, tick=event, rates=(*now.rates, event.rate)[-MINUTE:])
        case RunEvent(phase="end"):
            return replace(now, phase="over", end_s=now.t_s)
    return now


def _stage_begins(now: Progress, event: StageEvent) -> Progress:
    names = [stage.stage for stage in now.plan.drill.stages]
    if event.stage not in names:
        return now
    begun = replace(now, index=names.index(event.stage), phase="skipped" if event.skipped else "starting", tick=None, rates=())
    return _until_end(begun, lambda stage: _planned_s(begun.plan, stage))


def _load_begins(now: Progress) -> Progress:
    stage = now.plan.drill.stages[now.index] if now.index is not None else None
    if stage is None or not stage.is_load_test:
        return replace(now, phase="settling")
    return _until_end(replace(now, phase="load"), lambda stage: stage.load_s)


def _until_end(now: Progress, left_of_stage: Callable[[Stage], float]) -> Progress:
    """From this instant, by the plan: what is left of this stage and all that come after it."""
    if now.index is None:
        return now
    stage, *later = now.plan.drill.stages[now.index :]
    return replace(now, end_s=now.t_s + left_of_stage(stage) + sum(_planned_s(now.plan, each) for each in later))


def _planned_s(plan: RunPlan, stage: Stage) -> float:
    """The longest that a stage can take; nothing when it is skipped."""
    if stage.stage in plan.drill.skipped:
        return 0.0
    if stage.is_load_test:
        return stage.rest + START_S + stage.load_s
    fault_s = stage.fault_s + stage.cool_s if stage.fault else stage.lasts
    return stage.rest + START_S + stage.baseline_s + fault_s


def alarm_text(event: AlarmEvent) -> str:
    return printable(event.text) or event.alarm
