"""Whole drills in virtual time: what passes, what fails, and what is unknown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.cli.main import app
from lab.history.model.events import ActionEvent, BaselineEvent, DecideEvent, HealEvent, InjectEvent, RunEvent, StageEvent
from lab.judge.verdict import Ruling
from lab.nanoseconds import NS_PER_MS, NS_PER_S
from lab.report.terminal import report
from lab.runtimes.fake import Traits
from tests.fake_lab import play

pytestmark = pytest.mark.slow  # a second of real time each: 20 s of virtual time, request by request


def test_a_crash_with_auto_restart_recovers(tmp_path: Path) -> None:
    played = play(tmp_path, "crash")
    assert played.verdict.verdict is Ruling.PASS
    episode = played.stage.episodes[0]
    assert episode.detected_by == "died"
    assert episode.recover_s is not None
    assert 0.3 < episode.recover_s < 0.6  # the simulated boot takes 0.35 s
    assert episode.caused_by == "fault"


def test_a_crash_without_its_measure_fails_every_time(tmp_path: Path) -> None:
    played = play(tmp_path, "crash", without=("auto-restart",))
    assert (played.verdict.verdict, played.verdict.exit) == (Ruling.FAIL, 1)
    assert "not recovered in 3 s" in played.stage.reasons
    assert list(played.history.of(ActionEvent)) == []
    assert next(event.reason for event in played.history.of(HealEvent)) == "deadline"


@pytest.mark.parametrize(("without", "longest_s"), [((), 4.0), (("auto-restart",), 0.5)])
def test_it_is_watched_after_the_heal_only_while_a_recovery_would_count(
    tmp_path: Path, without: tuple[str, ...], longest_s: float
) -> None:
    history = play(tmp_path, "crash", without=without).history
    healed_ns = next(event.t_ns for event in history.of(HealEvent) if event.phase == "end")
    ended_ns = next(event.t_ns for event in history.of(StageEvent) if event.phase == "end")
    assert longest_s - 1 < (ended_ns - healed_ns) / NS_PER_S < longest_s


def test_the_injection_keeps_no_step_with_probe_and_alarms(tmp_path: Path) -> None:
    """Its phase is the seed's: trials with seeds of their own meet every poller at another moment of its period."""
    phases_ms = [_phase_ms(tmp_path / str(seed), seed) for seed in (1, 2, 3, 1)]
    assert phases_ms[0] == phases_ms[3]
    assert len(set(phases_ms)) == 3
    assert all(0 <= phase <= 101 for phase in phases_ms)


def _phase_ms(out: Path, seed: int) -> float:
    history = play(out, "crash", seed=seed).history
    ready_ns = next(event.t_ns for event in history.of(BaselineEvent) if event.phase == "end")
    return (next(event.t_ns for event in history.of(InjectEvent)) - ready_ns) / NS_PER_MS


def test_restarts_of_what_crashes_at_every_start_back_off_give_up_and_say_so(tmp_path: Path) -> None:
    played = play(tmp_path, "crash-loop", without=("good-settings",))
    assert (played.verdict.verdict, played.verdict.exit) == (Ruling.FAIL, 1)
    ends = [event for event in played.history.of(ActionEvent) if event.phase == "end"]
    assert [event.ok for event in ends] == [False, False]
    _, again, last = played.history.of(DecideEvent)
    assert again.t_ns - ends[0].t_ns == pytest.approx(NS_PER_S, abs=NS_PER_S // 50)
    assert (last.action, last.reason) == ("give up", "2 × restart in 60 s did not help: a person is needed")
    assert f"gave up      {last.reason}" in "\n".join(str(line) for line in report(played.history, played.verdict))
    assert played.stage.episodes[0].censored


def test_a_restart_with_good_settings_ends_the_crash_loop(tmp_path: Path) -> None:
    played = play(tmp_path, "crash-loop")
    assert played.verdict.verdict is Ruling.PASS
    assert [event.ok for event in played.history.of(ActionEvent)] == [True, True]


def test_conn_reset_passes(tmp_path: Path) -> None:
    played = play(tmp_path, "conn-reset")
    assert played.verdict.verdict is Ruling.PASS
    assert [stage.verdict for stage in played.verdict.stages] == [Ruling.PASS, Ruling.PASS]
    assert all(invariant.verdict is Ruling.PASS for invariant in played.verdict.invariants)


@pytest.mark.parametrize("measure", ["auto-restart", "network-settings"])
def test_both_control_arms_of_conn_reset_fail(tmp_path: Path, measure: str) -> None:
    played = play(tmp_path, "conn-reset", without=(measure,))
    assert played.verdict.verdict is Ruling.FAIL
    assert played.verdict.stages[0].verdict is Ruling.PASS
    assert "not recovered in 5 s" in played.stage.reasons
    assert played.stage.episodes[0].recovered_s is None


def test_a_restart_into_the_bad_setting_acts_and_does_not_help(tmp_path: Path) -> None:
    played = play(tmp_path, "conn-reset", without=("network-settings",))
    assert next(event.action for event in played.history.of(DecideEvent)) == "restart"
    assert played.stage.episodes[0].censored


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (play(tmp_path, "crash", seed=11) for _ in range(2))
    assert first.verdict.to_json() == second.verdict.to_json()
    assert play(tmp_path, "crash", seed=12).verdict.to_json() != first.verdict.to_json()


def test_lab_analyze_reproduces_the_verdict_byte_for_byte(tmp_path: Path) -> None:
    played = play(tmp_path, "crash")
    for stale in ("", "{}"):
        (played.run_dir / "verdict.json").write_text(stale)
        said = CliRunner().invoke(app, ["analyze", str(played.run_dir), "--json"])
        assert said.exit_code == played.verdict.exit
        assert said.stdout == played.verdict.to_json()
        assert (played.run_dir / "verdict.json").read_bytes() == played.verdict.to_json().encode()


def test_a_fault_that_does_nothing_is_unknown_never_pass(tmp_path: Path) -> None:
    played = play(tmp_path, "crash", patches=("crash.fault=noop",))
    assert (played.verdict.verdict, played.verdict.exit) == (Ruling.UNKNOWN, 3)
    assert any("not landed" in reason for reason in played.stage.reasons)


def test_a_dirty_baseline_is_unknown(tmp_path: Path) -> None:
    played = play(tmp_path, "crash", traits=Traits(background=0.05))
    assert played.verdict.verdict is Ruling.UNKNOWN
    assert any("baseline" in reason for reason in played.stage.reasons)


def test_a_target_that_answers_500_from_the_start_is_unknown(tmp_path: Path) -> None:
    played = play(tmp_path, "crash", traits=Traits(status=500))
    assert played.verdict.verdict is Ruling.UNKNOWN


def test_a_target_that_never_becomes_healthy_is_unknown_and_says_so(tmp_path: Path) -> None:
    played = play(tmp_path, "crash", traits=Traits(boots=False))
    assert played.verdict.verdict is Ruling.UNKNOWN
    assert any("healthy" in reason for reason in (*played.verdict.reasons, *played.stage.reasons))
    assert [event.phase for event in played.history.of(RunEvent)] == ["begin", "end"]


def test_a_target_that_dies_in_the_baseline_is_unknown_and_says_so(tmp_path: Path) -> None:
    played = play(tmp_path, "crash", traits=Traits(dies_after_s=3.0))
    assert played.verdict.verdict is Ruling.UNKNOWN
    assert any("died before the fault" in reason for reason in (*played.verdict.reasons, *played.stage.reasons))


def test_too_slow_a_boot_misses_the_budget(tmp_path: Path) -> None:
    played = play(tmp_path, "crash", traits=Traits(boot_s=3.3))
    assert played.verdict.verdict is Ruling.FAIL
    assert played.stage.reasons[0].startswith("recovered after 3.")


def test_a_load_test_is_a_drill_without_a_fault(tmp_path: Path) -> None:
    text = """
drill: plain
target: {use: coupon-order}
checks: [no_oversell]
stages:
  - stage: load
    load: {executor: constant-vus, vus: 10, request: coupon}
    lasts: 3s
"""
    path = tmp_path / "plain.yaml"
    path.write_text(text)
    played = play(tmp_path, str(path))
    assert played.verdict.verdict is Ruling.PASS
    assert played.stage.episodes == ()


def test_shared_iterations_end_by_themselves_and_the_stage_is_still_judged(tmp_path: Path) -> None:
    played = play(
        tmp_path, "crash", patches=("crash.load={executor: shared-iterations, vus: 10, iterations: 50, request: order}",)
    )
    assert played.verdict.verdict is Ruling.PASS
    assert len(played.history.load) == 50
    per_user = Counter(row.vu for row in played.history.load)
    assert len(per_user) == 10
    assert max(per_user.values()) < 10  # first come, first served, not one for all
