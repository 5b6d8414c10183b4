"""The state of a run while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import ClassVar

import pytest

from lab.drill.model import Load
from lab.history.model.events import (
    ActionEvent,
    AlarmEvent,
    BaselineEvent,
    DecideEvent,
    Event,
    FaultErrorEvent,
    HealEvent,
    InjectEvent,
    LandedEvent,
    LoadEvent,
    NoteEvent,
    RunEvent,
    SensorEvent,
    StageEvent,
    StallEvent,
    SteadyEvent,
    TargetEvent,
    TickEvent,
)
from lab.report.notices import notice
from lab.report.progress import Progress, after, sparkline
from tests.histories import STAGE, ns, plan, stage

PLAN = plan(stage(), stage(stage="next", rest=2.0))


@dataclass(frozen=True, kw_only=True)
class NewerEvent(Event):
    """Of a lab that is newer than this one."""

    kind: ClassVar[str] = "newer"


def shown(*events: Event) -> tuple[str, str]:
    return reduce(after, events, Progress(PLAN)).lines()


def begun(*events: Event) -> Sequence[Event]:
    return (StageEvent(t_ns=0, stage=STAGE, phase="begin"), *events)


def test_before_anything_happened_it_starts() -> None:
    assert shown() == ("literal · starting", "no alarm")


@pytest.mark.parametrize(
    ("event", "phase", "of_this_stage_s"),
    [
        (StageEvent(t_ns=0, stage=STAGE, phase="begin"), "starting", 1 + 5.5 + 3 + 4.5),
        (LoadEvent(t_ns=ns(1), stage=STAGE, phase="begin"), "settling", 5.5 + 3 + 4.5),
        (BaselineEvent(t_ns=ns(2), stage=STAGE, phase="begin"), "baseline", 4.5 + 3 + 4.5),
        (InjectEvent(t_ns=ns(8), stage=STAGE, phase="begin", fault="crash"), "fault crash", 3 + 4.5),
        (HealEvent(t_ns=ns(12), stage=STAGE, phase="end"), "cool", 4.5),
    ],
)
def test_each_phase_is_shown_with_the_longest_time_left(event: Event, phase: str, of_this_stage_s: float) -> None:
    next_stage_s = 2 + 1 + 5.5 + 3 + 4.5
    where, _ = shown(*begun(event))
    assert where == f"literal · 1/2 wire · {phase} · at most {of_this_stage_s + next_stage_s:.0f} s left"


def test_the_last_stage_counts_down_to_nothing() -> None:
    last = StageEvent(t_ns=0, stage="next", phase="begin")
    assert shown(last)[0].startswith("literal · 2/2 next · starting · at most 16 s left")
    assert shown(last, SensorEvent(t_ns=ns(99), readings={}))[0].endswith("at most 0 s left")


def test_a_skipped_stage_takes_no_time() -> None:
    without = replace(PLAN, drill=replace(PLAN.drill, skipped={"next": "needs toxiproxy"}))
    begin = StageEvent(t_ns=0, stage="next", phase="begin", skipped="needs toxiproxy")
    assert after(Progress(without), begin).lines()[0] == "literal · 2/2 next · skipped · at most 0 s left"


def test_the_shares_of_the_last_tick_and_the_last_alarm_are_shown() -> None:
    tick = TickEvent(t_ns=ns(1), shares={"ok": 97, "connect_timeout": 3, "reset": 0}, rate=1020.4, p95_ms=45.0)
    raised = AlarmEvent(t_ns=ns(2), phase="begin", alarm="errors", text="errors 72% of fresh > 20%")
    assert shown(tick)[1] == "no alarm · 97 % ok, 3 % connect timeout · 1,020/s · p95 45 ms"
    assert shown(raised)[1] == "last alarm: errors 72% of fresh > 20%"
    over = AlarmEvent(t_ns=ns(3), phase="end", alarm="errors")
    assert shown(raised, over)[1] == "last alarm: errors 72% of fresh > 20% (cleared)"


def test_a_load_test_shows_users_latencies_statuses_and_the_last_minute() -> None:
    load = Load(executor="constant-vus", vus=50, duration=90.0, graceful_stop=0.0, request={"order": 1})
    progress = Progress(plan(stage(judge="load", fault=None, load=load)))
    for event in begun(LoadEvent(t_ns=ns(1), stage=STAGE, phase="begin")):
        progress = after(progress, event)
    for second in range(70):
        tick = TickEvent(
            t_ns=ns(2 + second), shares={"ok": 9}, rate=100.0 * (second % 8), p50_ms=20.0, p95_ms=45.0, p99_ms=60.0, vus=50,
            statuses={"200": 7, "400": 2},
        )  # fmt: skip
        progress = after(progress, tick)
    where, known, drawn = progress.lines()
    assert where == "literal · 1/1 wire · load · at most 20 s left"
    assert known == "100 % ok · 500/s · p50 20 ms, p95 45 ms, p99 60 ms · 50 VUs · 200 ×7, 400 ×2"
    assert len(drawn.split()[0]) == 60
    assert drawn.endswith("▁▂▃▄▅▆ 700/s at most")


@pytest.mark.parametrize(("values", "drawn"), [((0.0, 0.0), "▁▁"), ((0.0, 1.0, 2.0), "▁▅█"), ((), "")])
def test_a_sparkline_goes_from_nothing_to_the_highest(values: tuple[float, ...], drawn: str) -> None:
    assert sparkline(values) == drawn


def test_an_event_that_it_does_not_know_only_moves_the_time_on() -> None:
    assert shown(NewerEvent(t_ns=ns(5), stage="nowhere")) == shown()
    assert shown(StageEvent(t_ns=0, stage="nowhere", phase="begin")) == shown()
    assert notice(PLAN, NewerEvent(t_ns=0)) == ""


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (StageEvent(t_ns=ns(1), stage=STAGE, phase="begin"), "stage 1/2 wire"),
        (StageEvent(t_ns=0, stage="next", phase="begin", skipped="needs toxiproxy"), "stage 2/2 next, skipped: needs toxiproxy"),
        (StageEvent(t_ns=0, stage="next", phase="begin"), "stage 2/2 next, after 2 s of rest"),
        (StageEvent(t_ns=0, stage=STAGE, phase="end", error="no start\n  log"), "stage wire broke off: no start"),
        (StageEvent(t_ns=0, stage=STAGE, phase="end"), ""),
        (TargetEvent(t_ns=0, state="ready", pid=12), "target ready (pid 12)"),
        (TargetEvent(t_ns=0, state="died", detail="SIGKILL"), "target died: SIGKILL"),
        (TargetEvent(t_ns=0, state="starting"), ""),
        (LoadEvent(t_ns=0, phase="end", exit=1, detail="killed"), "load died: killed"),
        (LoadEvent(t_ns=0, phase="end"), ""),
        (BaselineEvent(t_ns=0, phase="begin"), "baseline"),
        (InjectEvent(t_ns=0, phase="end", fault="crash", done="pid 12 killed"), "injected crash: pid 12 killed"),
        (AlarmEvent(t_ns=0, phase="begin", alarm="died", text=""), "alarm: died"),
        (AlarmEvent(t_ns=0, phase="end", alarm="died"), "alarm over: died"),
        (DecideEvent(t_ns=0, alarm="errors", action="restart", reason="errors 72%"), "decided: restart (errors 72%)"),
        (ActionEvent(t_ns=0, phase="end", action="restart"), "restart done"),
        (ActionEvent(t_ns=0, phase="end", action="restart", ok=False, detail="no health"), "restart failed: no health"),
        (SteadyEvent(t_ns=0), "recovery confirmed"),
        (HealEvent(t_ns=0, phase="end", reason="planned"), "healed (planned)"),
        (FaultErrorEvent(t_ns=0, fault="crash", during="heal", error="gone"), "fault crash failed, heal: gone"),
        (StallEvent(t_ns=0, lasted_ns=ns(0.06)), "the probe stood still for 60 ms"),
        (NoteEvent(t_ns=0, text="\x1b[2Jhello"), "note: �[2Jhello"),
        (RunEvent(t_ns=0, phase="end", reason="interrupted"), "run over: interrupted"),
        (TickEvent(t_ns=0), ""),
        (SensorEvent(t_ns=0, readings={}), ""),
        (LandedEvent(t_ns=0, counters={}), ""),
    ],
)
def test_a_log_gets_a_line_for_what_is_notable_and_for_nothing_else(event: Event, text: str) -> None:
    assert notice(PLAN, event) == (f"{event.t_ns / 1e9:9.3f} s  {text}" if text else "")
