"""Every reason for ``unknown``, each in a run that would otherwise pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.drill.model import Load, Probe
from lab.history.model.events import (
    Event,
    FaultErrorEvent,
    HealEvent,
    InjectEvent,
    LandedEvent,
    LoadEvent,
    RunEvent,
    SensorEvent,
    StageEvent,
)
from lab.history.model.history import History
from lab.history.model.rows import Row, Rows
from lab.judge.judge import judge
from tests.histories import STAGE, alarm, baseline, crash, failed, late, ns, refused, stage, stall, stream


def without(history: History, *kinds: type[Event], phase: str | None = None) -> History:
    """The same without these events."""

    def gone(event: Event) -> bool:
        return isinstance(event, kinds) and (phase is None or getattr(event, "phase", None) == phase)

    return replace(history, events=tuple(event for event in history.events if not gone(event)))


def with_rows(history: History, begin: float, end: float, rows: list[Row]) -> History:
    """The same with other rows between two instants."""
    due = history.probe.due_ns
    return replace(history, probe=Rows.concat([history.probe.where((due < ns(begin)) | (due >= ns(end))), Rows.of(rows)]))


def with_load(*events: LoadEvent) -> History:
    return crash(of=stage(load=Load(executor="constant-vus", vus=5, request={"order": 1})), events=list(events))


BEGUN = LoadEvent(t_ns=ns(0.1), stage=STAGE, phase="begin", planned_ns=ns(0.5))
ENDED = LoadEvent(t_ns=ns(15), stage=STAGE, phase="end")
BROKEN = FaultErrorEvent(t_ns=ns(8.5), stage=STAGE, fault="crash", during="heal", error="OSError: gone")


def sensed(at: float, suspended_s: float) -> Event:
    return SensorEvent(t_ns=ns(at), readings={"suspended_s": suspended_s})


REASONS = [
    ("skipped: needs toxiproxy", crash(events=[StageEvent(t_ns=1, stage=STAGE, phase="begin", skipped="needs toxiproxy")])),
    ("the target died early", crash(events=[StageEvent(t_ns=ns(14), stage=STAGE, phase="end", error="the target died early")])),
    ("the stage did not end", without(crash(), StageEvent, phase="end")),
    ("the stage did not run", without(crash(), StageEvent)),
    ("fault crash, heal: OSError: gone", crash(events=[BROKEN])),
    ("the fault was not injected", without(crash(), InjectEvent, phase="end")),
    ("the fault was not healed", without(crash(), HealEvent, phase="end")),
    ("the load did not start", with_load()),
    ("the load started 51 ms late", with_load(BEGUN, replace(ENDED, late_ms=51.0))),
    ("the load started 60 ms late", with_load(replace(BEGUN, t_ns=ns(0.56)), ENDED)),
    ("the load died: killed by signal 9", with_load(BEGUN, replace(ENDED, exit=1, detail="killed by signal 9"))),
    ("the probe measured nothing", replace(crash(), probe=Rows.of([]))),
    ("no baseline", without(crash(), InjectEvent)),
    ("baseline too short: 3.5 s, at least 4 s", crash(at=5.0)),
    ("baseline not steady: 4 of 401 bad, p0 2.5%", with_rows(crash(), 2.0, 2.04, stream(2.0, 2.04, fresh=failed, kept=failed))),
    ("an outage before the injection", with_rows(crash(), 5.0, 5.3, stream(5.0, 5.3, fresh=refused, kept=refused))),
    ("an alarm before the injection", crash(events=alarm(5.49))),
    ("the fault has not landed: none of its counters moved as they must", without(crash(), LandedEvent)),
    ("the fault landed in part: its counter moved, but no outage was visible", crash(bad_s=0.03)),
    ("the probe was late: 30 of 1450 requests", with_rows(crash(), 10.0, 10.3, stream(10.0, 10.3, fresh=late, kept=late))),
    ("no punctual request for 120 ms at a reported instant", with_rows(crash(), 5.98, 6.09, [])),
    ("no punctual request for 130 ms at a reported instant", crash(events=stall(5.445, 0.105))),
    ("the machine was suspended", crash(events=[sensed(1, 3.0), sensed(14, 3.06)])),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "history"), REASONS, ids=[reason for reason, _ in REASONS])
def test_a_measurement_that_is_not_valid_is_unknown(reason: str, history: History) -> None:
    verdict = judge(history)
    assert reason in verdict.stages[0].reasons
    assert verdict.stages[0].verdict == "unknown"
    assert (verdict.verdict, verdict.exit) == ("unknown", 3)


VALID = [
    ("on time", crash()),
    ("a load that began and ended well", with_load(BEGUN, ENDED)),
    ("a load 50 ms late", with_load(BEGUN, replace(ENDED, late_ms=50.0))),
    ("a machine that was suspended before the run", crash(events=[sensed(1, 3.0), sensed(14, 3.0)])),
    ("a short stall, far from every edge", crash(events=stall(11.0, 0.12))),
    ("a gap far from every edge", with_rows(crash(), 11.0, 11.3, [])),
    ("2 % late", with_rows(crash(), 10.0, 10.29, stream(10.0, 10.29, fresh=late, kept=late))),
    ("three bad before the fault", with_rows(crash(), 2.0, 2.03, stream(2.0, 2.03, fresh=failed, kept=failed))),
]


@pytest.mark.parametrize("history", [history for _, history in VALID], ids=[what for what, _ in VALID])
def test_a_valid_measurement_passes(history: History) -> None:
    verdict = judge(history)
    assert (verdict.stages[0].reasons, verdict.verdict) == ((), "pass")


def test_a_probe_that_falls_silent_during_an_outage_has_not_shown_that_it_lasts() -> None:
    """No row after 7 s: nobody knows whether it recovered."""
    history = crash(bad_s=9.0)
    assert judge(history).verdict == "fail"
    assert judge(with_rows(history, 7.0, 15.0, [])).verdict == "unknown"


def test_a_slow_probe_is_allowed_its_own_resolution() -> None:
    """At 8/s every gap is 125 ms."""
    rows = [*stream(0.5, 40.5, rate=8), *stream(40.5, 45, rate=8, fresh=refused, kept=refused), *stream(45, 100, rate=8)]
    of = stage(probe=Probe(rate=8.0), baseline=39.0, lasts=4.5)
    events: list[Event] = [*baseline(0.5, 40.5, deaths=0)]
    history = crash(at=40.5, end=100.0, detected=0.9, of=of, events=events)
    verdict = judge(replace(history, probe=Rows.of(rows)))
    assert not any("no punctual request" in reason for reason in verdict.stages[0].reasons)


RUNS = [
    ("no end was recorded: the lab was killed, or its machine stopped", without(crash(), RunEvent, phase="end")),
    ("broken: no space left on device", crash(reason="broken: no space left on device")),
]


@pytest.mark.parametrize(("reason", "history"), RUNS, ids=[reason for reason, _ in RUNS])
def test_a_run_that_broke_off_is_unknown_though_its_stages_pass(reason: str, history: History) -> None:
    verdict = judge(history)
    assert verdict.reasons == (reason,)
    assert (verdict.stages[0].verdict, verdict.verdict, verdict.exit) == ("pass", "unknown", 3)
