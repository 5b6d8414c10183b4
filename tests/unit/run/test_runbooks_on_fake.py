"""Whole drills whose responder follows a runbook, in virtual time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from lab.history.model.events import ActionEvent, DecideEvent, NoteEvent, TargetEvent
from lab.judge.verdict import Ruling
from lab.nanoseconds import NS_PER_MS
from lab.report.terminal import report
from lab.runtimes.fake import Traits
from tests.fake_lab import Played, play

pytestmark = pytest.mark.slow  # a second of real time each: 20 s of virtual time, request by request

RELIEF = """
about: Room for those who wait, then a process that has it configured.
steps:
  - {step: make room, do: set, settings: {backlog: 2048}}
  - {step: tell the others, do: command, argv: [./tell.sh], until: ready}
  - {step: fresh process, wait: 500ms, do: restart, settings: {backlog: 2048}}
"""
NAMES = [f"runbook relief {step}" for step in ("1/3 make room", "2/3 tell the others", "3/3 fresh process")]
RULE = "{when: errors, do: runbook, runbook: relief}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the runbook, and the script that it runs."""
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "relief.yaml").write_text(RELIEF)
    (tmp_path / "tell.sh").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def relieved(place: Path, traits: Traits | None = None, *more: str) -> Played:
    """The drill conn-reset whose short queue is met by the runbook."""
    patches = (f"accept-queue.measures.auto-restart.respond=[{RULE}]", "wire-resets.lasts=1s", *more)
    return play(place / "runs", "conn-reset", patches=patches, without=("network-settings",), traits=traits)


def said(played: Played) -> str:
    return " ".join("\n".join(report(played.history, played.verdict)).split())


def ends(played: Played) -> list[tuple[str, bool]]:
    return [(event.action, event.ok) for event in played.history.of(ActionEvent) if event.phase == "end"]


def test_its_steps_are_taken_in_order_each_with_a_line_and_a_cost(place: Path) -> None:
    played = relieved(place)
    assert played.stage.verdict is Ruling.PASS, played.stage.reasons
    assert ends(played) == [(name, True) for name in NAMES]
    assert [event.action for event in played.history.of(DecideEvent)] == ["runbook relief"]
    assert [act.action for act in played.stage.acts] == NAMES
    for name in NAMES:
        assert f"cost {name}, until it was" in said(played)
    assert f"done {NAMES[0]}: backlog 1024→2048, live" in said(played)


def test_a_step_waits_before_it_begins_and_for_no_other_reason(place: Path) -> None:
    events = list(relieved(place).history.of(ActionEvent))
    waited = [after.t_ns - before.t_ns for before, after in pairwise(events) if before.phase == "end"]
    assert [round(each / NS_PER_MS) for each in waited] == [0, 500]


def test_a_step_that_fails_ends_it_loudly_and_the_back_off_holds(place: Path) -> None:
    played = relieved(place, Traits(command_exit=3), "accept-queue.measures.auto-restart.respond.0.limit=1/60s")
    assert ends(played) == [(NAMES[0], True), (NAMES[1], False)]
    why = "./tell.sh, exit code 3: simulated: nothing was run; the runbook stops here, with 1 more step not taken"
    assert f"failed {NAMES[1]}: {why}" in said(played)
    assert [event for event in played.history.of(TargetEvent) if event.state == "stopped"][1:] == []  # nothing was restarted


def test_after_its_limit_it_is_given_up(place: Path) -> None:
    (place / "runbooks" / "relief.yaml").write_text("steps: [{step: tell, do: command, argv: [./tell.sh]}]")
    played = relieved(place, Traits(command_exit=3), "accept-queue.measures.auto-restart.respond.0.limit=2/60s")
    assert ends(played) == [("runbook relief 1/1 tell", False)] * 2
    assert played.stage.verdict is Ruling.FAIL
    assert "gave up 2 × runbook relief in 60 s did not help: a person is needed" in said(played)


def test_the_end_of_the_stage_ends_it_and_that_is_told(place: Path) -> None:
    (place / "runbooks" / "relief.yaml").write_text(RELIEF.replace("500ms", "10m"))
    played = relieved(place)
    assert ends(played) == [(name, True) for name in NAMES[:2]]
    notes = [event.text for event in played.history.of(NoteEvent)]
    assert notes == ["runbook relief: the stage ended, with 1 of 3 steps not taken"]
