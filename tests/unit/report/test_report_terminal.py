"""The lines that matter, for histories of every kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.drill.model import Alarms, Budgets, DiedAlarm, Drill, ErrorsAlarm, Stage, Target
from lab.history.model.events import (
    ActionEvent,
    AlarmEvent,
    DecideEvent,
    Event,
    FaultErrorEvent,
    LoadEvent,
    RunEvent,
    SensorEvent,
    StageEvent,
    TargetEvent,
)
from lab.history.model.history import History
from lab.history.model.ledger import Ledger
from lab.judge.judge import judge
from lab.judge.verdict import Ruling
from lab.report.facts import context
from lab.report.terminal import report
from tests.histories import (
    KEPT,
    STAGE,
    baseline,
    counted,
    crash,
    failed,
    heal,
    inject,
    ns,
    of_load,
    plan,
    reset,
    run,
    stage,
    stored,
    stream,
)
from tests.unit.report.verdicts import RETRYING, accept_queue, of_drill, of_stage, said, with_episode


def line_with(text: str, lines: str) -> str:
    return next(line for line in lines.splitlines() if text in line)


def without(history: History, *kinds: type[Event]) -> History:
    return replace(history, events=tuple(e for e in history.events if not isinstance(e, kinds)))


def and_also(history: History, *events: Event) -> History:
    return replace(history, events=tuple(sorted([*history.events, *events], key=lambda e: e.t_ns)))


# The story of a stage


def test_a_recovery_that_a_measure_brought_is_told_from_injection_to_heal() -> None:
    words = [line[10:23].strip() for line in said(accept_queue()).splitlines() if line.startswith("  ")]
    story = ["injected", "visible", "detected", "decided", "stopped", "ready", "recovered", "healed"]
    assert [word for word in words if word in story] == story


def test_every_instant_is_relative_to_the_injection() -> None:
    text = said(accept_queue())
    assert line_with("injected", text).startswith("   0.000  injected")
    assert line_with("detected", text).startswith("  +0.500  detected")
    assert line_with("ready", text).startswith("  +0.850  ready")


def test_a_landed_fault_shows_its_counter_with_thousands_separated_and_the_share_of_each_class() -> None:
    text = said(accept_queue(), 200)
    assert "landed: ListenOverflows +9,412 · fresh 100 % bad, kept 0 % bad" in text


def test_a_counter_that_also_moved_in_the_baseline_says_so() -> None:
    rows = [*stream(0.5, 5.5), *stream(5.5, 6.0, fresh=reset, kept=reset), *stream(6.0, 15)]
    events = [*baseline(0.5, 5.5, before={"OutRsts": 0}, OutRsts=2), *inject(5.5), *counted(5.6, OutRsts=900), *heal(8.5)]
    assert "OutRsts +898 (+2 in the baseline)" in said(run(rows, events, end=15))


def test_a_proof_names_its_false_alarm_bound_and_the_condition_of_it() -> None:
    assert "4 requests · false alarm < 0.1 % if the background is ≤ 1.0 % (0 of 401 bad before)" in said(crash())


def test_an_alarm_is_given_with_its_own_words() -> None:
    history = crash()
    worded = tuple(replace(e, text="errors 72% of fresh > 20%") if isinstance(e, AlarmEvent) else e for e in history.events)
    assert "detected     errors 72% of fresh > 20%" in said(replace(history, events=worded))


def test_a_restart_shows_the_new_process_and_the_setting_in_force() -> None:
    assert "act→ready 348 ms · pid 12→31, backlog 1024" in said(accept_queue())


def test_a_restart_into_the_bad_setting_shows_it() -> None:
    assert "pid 12→31, backlog 1024→16" in said(accept_queue(backlog=16, recovered=17.9))


def test_detect_to_recover_comes_first_where_a_measure_must_heal() -> None:
    assert "recovered    detect→recover 600 ms [±20 ms] · inject→recover 1.1 s" in said(accept_queue())


def test_heal_to_recover_comes_first_where_the_lab_heals() -> None:
    assert "recovered    heal→recover 109 ms [±20 ms] · detect→recover 2.81 s" in said(crash(bad_s=3.1))


def test_a_recovery_before_anybody_noticed_is_said_in_words() -> None:
    assert "detect→recover −90 ms (before it was noticed)" in said(crash(detected=0.6))


def test_an_outage_that_nobody_noticed_names_the_rule_that_kept_silent() -> None:
    assert "not noticed  no alarm was raised (the stage has no alarm rule)" in said(without(crash(), AlarmEvent))
    ruled = stage(alarm=Alarms(errors=ErrorsAlarm(above=0.2, over=0.5), died=DiedAlarm()))
    rules = "more than 20% of the probe bad over 500ms or the target's process ended"
    unfolded = " ".join(said(without(crash(of=ruled), AlarmEvent)).split())
    assert f"no alarm was raised (rule: {rules})" in unfolded


def test_no_recovery_is_never_a_number() -> None:
    text = said(accept_queue(recovered=18.0, backlog=16))
    assert "no recovery  not recovered in the 8.5 s that it was watched" in text
    assert "→recover" not in text
    assert "✗ missed: no recovery within 2 s" in text
    assert line_with("healed", text).endswith("by the lab, at the deadline: no recovery after this counts")


def test_budgets_are_kept_or_missed_in_words_and_signs() -> None:
    text = said(crash(bad_s=5.0, of=stage(within=Budgets(detect=0.2, recover=1.0, bad_seconds=9.0))))
    assert "✗ missed: detect 300 ms > 200 ms" in text
    assert "✗ missed: recover 2.01 s > 1 s" in text
    assert "✓ kept: bad-seconds 5 ≤ 9" in text


def test_every_further_decision_is_told_up_to_giving_up() -> None:
    more = [
        DecideEvent(t_ns=ns(7.0), stage=STAGE, alarm="errors", action="restart", reason="errors 86% of fresh > 20%"),
        ActionEvent(t_ns=ns(7.0), stage=STAGE, phase="begin", action="restart"),
        ActionEvent(t_ns=ns(8.0), stage=STAGE, phase="end", action="restart", ok=False, detail="not healthy within 5 s\nlog"),
        DecideEvent(t_ns=ns(9.0), stage=STAGE, alarm="errors", action="give up", reason="3 × restart did not help"),
    ]
    text = said(and_also(accept_queue(backlog=16, recovered=17.9), *more))
    assert "decided      restart again · errors 86% of fresh > 20%" in text
    assert "failed       restart: not healthy within 5 s\n" in text
    assert "gave up      3 × restart did not help" in text


def test_a_death_has_its_line() -> None:
    died = TargetEvent(t_ns=ns(5.6), stage=STAGE, state="died", detail="SIGKILL")
    assert "  +0.100  died         the target's process ended: SIGKILL" in said(and_also(crash(), died))


def test_what_the_action_broke_is_a_line_of_its_own() -> None:
    caused = {"caused_by": "action", "affected": ("all", "kept"), "relapse": False}
    history = accept_queue()
    verdict = with_episode(history)
    first = verdict.stages[0].episodes[0]
    second = replace(first, **caused, onset_s=6.1, recovered_s=6.53, bracket_s=(6.51, 6.53), resolution_s=0.02, bad_seconds=0.2)
    both = replace(verdict, stages=(replace(verdict.stages[0], episodes=(first, second)),))
    text = "\n".join(report(history, both))
    assert "+0.600  also broken  kept connections, by the restart · recovered 430 ms later [±20 ms] · bad-seconds 0.20" in text


def test_relapses_and_flaps_are_named() -> None:
    rows = [*stream(0.5, 5.5), *stream(5.5, 6, fresh=reset, kept=reset), *stream(6, 10), *stream(10, 11, fresh=reset)]
    events = [*baseline(0.5, 5.5, n=0), *inject(5.5), *counted(5.6, n=1), *heal(8.5)]
    assert "+4.500  relapse      fresh connections bad again" in said(run([*rows, *stream(11, 16)], events, end=16))
    flapping = with_episode(crash(), flaps=2, longest_bad_s=0.5, longest_good_s=0.8)
    assert "flapped 2 times (longest bad 500 ms, longest good 800 ms)" in "\n".join(report(crash(), flapping))


def test_an_alarm_without_a_visible_outage_is_told_all_the_same() -> None:
    text = said(crash(bad_s=0.0))
    assert "  +0.300  alarm        alarm errors" in text
    assert "not visible  no outage became visible" in text
    assert "because      the fault landed in part: its counter moved, but no outage was visible" in text


# Users, instrument and machine


def test_users_recover_beside_the_probe() -> None:
    load = of_load([*stream(0.5, 5.5), *stream(5.5, 8.7, fresh=reset, kept=reset), *stream(8.7, 15)])
    text = said(crash(bad_s=3.1, load=load, of=stage(load=RETRYING)))
    assert "users heal→recover 199 ms" in text
    assert "users        1,450 requests · 320 bad · ok 1,130 · reset 320" in text


@pytest.mark.parametrize(
    ("late_ms", "cpu_share", "told"),
    [
        (0.3, 0.42, " · started 0.3 ms late · CPU 42 % of a core"),
        (12.0, 1.0, " · started 12 ms late · CPU 100 % of a core"),
        (0, 0, ""),
    ],
)
def test_the_process_of_the_users_tells_how_it_did(late_ms: float, cpu_share: float, told: str) -> None:
    plain = crash(load=of_load(stream(0.5, 15)), of=stage(load=RETRYING))
    end = LoadEvent(t_ns=ns(15), stage=STAGE, phase="end", late_ms=late_ms, cpu_share=cpu_share)
    assert line_with("  users  ", said(and_also(plain, end))).endswith(f"ok 1,450{told}")


def test_resets_and_closes_are_counted_apart() -> None:
    rows = [*stream(0.5, 5.5), *stream(5.5, 6, fresh=reset, kept=reset), *stream(6, 15)]
    closed = [replace(row, outcome=3) if row.outcome == 2 and row.via == KEPT else row for row in rows]
    events = [*baseline(0.5, 5.5, n=0), *inject(5.5), *counted(5.6, n=1), *heal(8.5)]
    assert "outcomes     ok 1,400 · reset 25 · closed 25" in said(run(closed, events, end=15))


def test_late_requests_are_counted_and_the_lag_is_given() -> None:
    rows = [*stream(0.5, 5.5), *stream(5.5, 6, fresh=reset, kept=reset), *stream(6, 15)]
    rows[10] = replace(rows[10], start_us=60_000, end_us=70_000)
    events = [*baseline(0.5, 5.5, n=0), *inject(5.5), *counted(5.6, n=1), *heal(8.5)]
    text = said(run(rows, events, end=15))
    assert "1,450 requests · 1 late, left out of every figure · lag p50 0 ms, p99 0 ms, max 60 ms" in text


def test_steal_and_pressure_are_those_of_the_stage() -> None:
    def sensor(at: float, stage: str, ticks: float, waited_us: float) -> SensorEvent:
        readings = {"cpu_steal_ticks": ticks, "cpu_pressure_us": waited_us, "suspended_s": 0.0}
        return SensorEvent(t_ns=ns(at), stage=stage, readings=readings)

    events = [sensor(0.1, "other", 0, 0), sensor(1, STAGE, 100, 5e6), sensor(6, STAGE, 120, 6e6), sensor(11, STAGE, 150, 7e6)]
    assert "CPU stolen 500 ms · CPU pressure 20 % of the time" in said(and_also(crash(), *events), 200)
    assert "CPU" not in said(crash())


# Where there is nothing to measure


def test_a_skipped_stage_says_what_it_needs_and_nothing_else() -> None:
    events = [
        RunEvent(t_ns=0, phase="begin"),
        *(StageEvent(t_ns=0, stage=STAGE, phase=phase, skipped="needs toxiproxy") for phase in ("begin", "end")),
        RunEvent(t_ns=ns(1), phase="end"),
    ]
    lines = said(History(plan(stage()), tuple(events))).splitlines()
    assert lines[2].startswith("1/1 wire  UNKNOWN")
    assert lines[3] == "          because      skipped: needs toxiproxy"
    assert lines[4:6] == ["", "UNKNOWN                wire: skipped: needs toxiproxy"]


def test_an_interrupted_run_says_so_first_and_last() -> None:
    lines = said(crash(reason="interrupted")).splitlines()
    assert lines[1].strip() == "interrupted: judged as far as it went"
    assert lines[-1].startswith("INTERRUPTED            judged as far as it went")


def test_a_runner_that_died_is_told_at_the_top_and_in_the_ruling() -> None:
    history = crash()
    dead = replace(history, events=tuple(e for e in history.events if not (isinstance(e, RunEvent) and e.phase == "end")))
    lines = said(dead).splitlines()
    assert (
        lines[1].strip()
        == lines[-1].removeprefix("UNKNOWN").strip()
        == "no end was recorded: the lab was killed, or its machine stopped"
    )


def test_the_last_lines_of_a_log_keep_their_shape_and_lose_their_control_characters() -> None:
    error = "the target ended while it started (exit code 1); the last 2 lines of its log:\n    Traceback\n      \x1b[31mBoom"
    history = crash()
    broken = [replace(e, error=error) if isinstance(e, StageEvent) and e.phase == "end" else e for e in history.events]
    text = said(replace(history, events=tuple(broken)))
    assert "lines of its log:\n" + " " * 27 + "Traceback\n" + " " * 29 + "�[31mBoom\n" in text


def test_a_stage_without_a_fault_has_no_story_but_its_users() -> None:
    calm = stage(fault=None, within=Budgets(), load=RETRYING, lasts=5.0)
    text = said(run(stream(0.5, 10.5), [*baseline(0.5, 5.5)], end=10.5, of=calm))
    assert "no fault" in text
    assert "injected" not in text


REASONS = [
    "skipped: needs the sandbox",
    "the stage did not run",
    "fault backlog, heal: OSError: gone",
    "baseline not steady: 12 of 400 bad, p0 5.2%",
    "the probe was late: 40 of 1450 requests",
    "the machine was suspended",
]


@pytest.mark.parametrize("width", [60, 120])
def test_every_reason_for_unknown_is_shown_in_full(width: int) -> None:
    verdict = of_drill(Ruling.UNKNOWN, of_stage(STAGE, Ruling.UNKNOWN, *REASONS), reasons=("broken: the target died",))
    flat = " ".join(" ".join(report(crash(), verdict, width)).split())
    assert all(reason in flat for reason in [*REASONS, "the target died"])


def test_a_fault_that_failed_is_a_reason() -> None:
    failed_fault = FaultErrorEvent(t_ns=ns(5.6), stage=STAGE, fault="crash", during="heal", error="OSError: gone")
    assert "because      fault crash, heal: OSError: gone" in said(and_also(crash(), failed_fault))


def test_an_outage_without_a_fault_fails_in_words() -> None:
    calm = stage(fault=None, within=Budgets(), lasts=5.0)
    rows = [*stream(0.5, 7), *stream(7, 8, fresh=failed, kept=failed), *stream(8, 10.5)]
    assert "FAIL                   wire: an outage without a fault" in said(run(rows, baseline(0.5, 5.5), end=10.5, of=calm))


# Title and ruling


def test_the_title_says_what_was_measured_and_what_it_is_worth() -> None:
    real = replace(plan(stage()), runtime="sandbox", toxiproxy="2.12.0", without=("auto-restart",))
    assert context(real) == (
        "sandbox",
        "toxiproxy 2.12.0",
        "coupon-order",
        "probe 100/s",
        "seed 7",
        "control arm: without auto-restart",
        "measured in a model of a service",
    )


def test_a_simulation_and_a_service_of_the_users_own_are_called_what_they_are() -> None:
    own = Drill(drill="shop", target=Target(command="shop {port}"), stages=(Stage(stage="a"),))
    assert context(plan(stage()))[-1] == "simulated: no real service was measured"
    assert context(replace(plan(stage()), runtime="open", drill=own))[1:] == (
        "your own service",
        "probe 100/s",
        "seed 7",
        "measured on one machine, not in production",
    )


def test_the_ruling_stands_alone_on_the_last_line_with_the_invariants_in_words() -> None:
    checks = ("no_oversell", "no_lost_order", "no_duplicate_order")
    kept = Ledger(tuple(stored(crash().probe).stored), {"coupon": 10})
    assert said(crash(checks=checks, ledger=kept)).splitlines()[-1] == (
        "PASS                   no coupon oversold · no order lost · none twice"
    )


# Width


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("history", [crash(), accept_queue(), crash(reason="interrupted")], ids=["crash", "queue", "interrupted"])
def test_no_line_is_wider_than_the_terminal(history: History, width: int) -> None:
    assert max(map(len, report(history, judge(history), width))) <= width


def test_a_narrow_report_says_the_same_words() -> None:
    def words(width: int) -> list[str]:
        return said(accept_queue(), width).replace("·", " ").split()

    assert words(60) == words(200)
