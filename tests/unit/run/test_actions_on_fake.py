"""Whole drills whose responder does something else than restart, in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history.model.events import ActionEvent, TargetEvent
from lab.judge.verdict import Ruling
from lab.report.terminal import report
from tests.fake_lab import Played, play

pytestmark = pytest.mark.slow  # a second of real time each: 20 s of virtual time, request by request


def accept_queue(root: Path, rule: str, *more: str) -> Played:
    """The drill conn-reset with another rule on its alarm, and without the setting that a restart would bring."""
    patches = (f"accept-queue.measures.auto-restart.respond=[{rule}]", "wire-resets.lasts=1s", *more)
    return play(root, "conn-reset", patches=patches, without=("network-settings",))


def said(played: Played) -> str:
    return "\n".join(report(played.history, played.verdict))


def test_what_is_set_live_recovers_without_a_restart(tmp_path: Path) -> None:
    played = accept_queue(tmp_path, "{when: errors, do: set, settings: {backlog: 2048}}")
    begin, end = played.history.of(ActionEvent)
    assert (begin.action, end.ok, end.detail) == ("set", True, "backlog 1024→2048, live (pid 13)")
    assert played.stage.verdict is Ruling.PASS
    assert [event for event in played.history.of(TargetEvent) if event.t_ns > begin.t_ns] == []
    assert f"set: {end.detail}" in said(played)


def test_a_bad_value_set_live_does_not_recover(tmp_path: Path) -> None:
    played = accept_queue(tmp_path, "{when: errors, do: set, settings: {backlog: 16}}")
    assert all(event.ok for event in played.history.of(ActionEvent))
    assert played.stage.verdict is Ruling.FAIL


def test_a_restart_may_bring_settings_and_they_are_in_force_with_it(tmp_path: Path) -> None:
    played = accept_queue(tmp_path, "{when: errors, do: restart, settings: {backlog: 2048}}")
    ready = [event for event in played.history.of(TargetEvent) if event.state == "ready"]
    assert [event.settings["backlog"] for event in ready[-2:]] == [1024, 2048]
    assert played.stage.verdict is Ruling.PASS
    assert "backlog 1024→2048" in said(played)


def test_workers_are_added_up_to_the_most(tmp_path: Path) -> None:
    rule = "{when: errors, do: scale-out, max: 3, cool_down: 500ms}"
    played = accept_queue(tmp_path, rule, "target.listener=inherited")
    ends = [event for event in played.history.of(ActionEvent) if event.phase == "end"]
    assert [event.detail for event in ends] == ["2 workers", "3 workers"]
    assert played.stage.verdict is Ruling.FAIL  # a bad setting is not cured by more of the same
    assert "3 workers are the most, and the alarm still stands" in said(played)
