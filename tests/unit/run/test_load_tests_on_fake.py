"""Whole load tests in virtual time: their stages, shards, thresholds, and the memory of a simulated target."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history.model.events import BaselineEvent, InjectEvent, LoadEvent, StageEvent
from lab.judge.verdict import LoadFigures
from lab.runtimes.fake import Traits
from tests.fake_lab import Played, play

HEAD = "drill: d\ntarget: {use: coupon-order}\nstages:\n"


def played(root: Path, load: str, *more: str, traits: Traits | None = None) -> Played:
    path = root / "d.yaml"
    lines = [f"load: {{request: order, {load}}}", "probe: {rate: 10/s}", *more]
    path.write_text(HEAD + "  - stage: a\n    judge: load\n" + "".join(f"    {line}\n" for line in lines))
    return play(root, str(path), traits=traits)


def figures(run: Played) -> LoadFigures:
    assert run.stage.load is not None
    return run.stage.load


def test_a_load_test_ends_with_its_load_and_has_no_baseline(tmp_path: Path) -> None:
    run = played(tmp_path, "executor: constant-vus, vus: 10, duration: 5s")
    assert (run.verdict.verdict, run.stage.reasons) == ("pass", ())
    assert list(run.history.of(BaselineEvent)) == list(run.history.of(InjectEvent)) == []
    begun, ended = (event.t_ns for event in run.history.of(LoadEvent))
    assert (ended - begun) / 1e9 == pytest.approx(5.2, abs=0.2)  # told 200 ms ahead
    assert figures(run).requests == pytest.approx(10 * 5 / 0.0215, rel=0.05)


@pytest.mark.parametrize(
    ("load", "requests"),
    [
        ("executor: shared-iterations, vus: 30, iterations: 100", 100),
        ("executor: per-vu-iterations, vus: 30, iterations: 4", 120),
        ("executor: constant-arrival-rate, vus: 20, rate: 50/s, duration: 4s", 200),
        ("executor: ramping-arrival-rate, vus: 50, start_rate: 0, ramp: [{4s: 100}]", 200),
    ],
)
def test_iterations_that_a_plan_fixes_are_all_made(tmp_path: Path, load: str, requests: int) -> None:
    run = played(tmp_path, load)
    assert run.verdict.verdict == "pass"
    assert (figures(run).requests, figures(run).dropped) == (requests, 0)


def test_users_on_a_ramp_come_and_go(tmp_path: Path) -> None:
    run = played(tmp_path, "executor: ramping-vus, start_vus: 0, ramp: [{4s: 20}, {4s: 0}]")
    assert figures(run).requests == pytest.approx(80 / 0.0215, rel=0.05)
    assert figures(run).cut == 0


def test_what_the_probe_has_in_flight_does_not_outlast_the_load(tmp_path: Path) -> None:
    run = played(tmp_path, "executor: shared-iterations, vus: 1, iterations: 1", traits=Traits(answer_s=0.9, spread=0.0))
    (ended,) = (event.t_ns for event in run.history.of(StageEvent) if event.phase == "end")
    assert ended / 1e9 - figures(run).end_s < 0.05
    assert run.verdict.verdict == "pass"
    assert run.stage.evidence.probe.cut > 0


@pytest.mark.parametrize("load", ["executor: constant-vus, vus: 5", "executor: constant-arrival-rate, vus: 5, rate: 50/s"])
def test_a_load_without_an_end_of_its_own_has_its_stages(tmp_path: Path, load: str) -> None:
    run = played(tmp_path, load, "lasts: 2s")
    assert run.verdict.verdict == "pass"
    assert figures(run).end_s - figures(run).begin_s == pytest.approx(2.0, abs=0.05)


def test_arrivals_that_find_nobody_are_unknown_and_said(tmp_path: Path) -> None:
    run = played(tmp_path, "executor: constant-arrival-rate, vus: 1, rate: 100/s, duration: 4s")
    assert run.verdict.verdict == "unknown"
    assert "found no free user; more max_vus" in run.stage.reasons[0]


def test_a_missed_threshold_is_exit_code_1(tmp_path: Path) -> None:
    run = played(tmp_path, "executor: constant-vus, vus: 5, duration: 3s", "thresholds: {http_req_duration: p(95)<5}")
    assert (run.verdict.verdict, run.verdict.exit) == ("fail", 1)


@pytest.mark.parametrize(
    ("traits", "kind"),
    [
        (Traits(), "flat"),
        (Traits(warms_up_mb=40.0), "warming up"),
        (Traits(leaks_mb_per_h=200.0), "leaking"),
        (Traits(leaks_mb_per_h=-200.0), "declining"),
    ],
)
def test_a_planted_leak_and_a_warm_up_are_told_apart(tmp_path: Path, traits: Traits, kind: str) -> None:
    run = played(tmp_path, "executor: constant-arrival-rate, vus: 5, rate: 2/s, duration: 10m", traits=traits)
    assert {each.resource: each.kind for each in run.stage.trends} == {"rss_bytes": kind, "threads": "flat"}
