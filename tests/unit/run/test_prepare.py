"""What a machine lacks is known before anything starts, and said at the stage that needs it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from lab.drill.model import Drill, Kernel, Load, Stage, Target
from lab.run import prepare as preparing
from lab.run.prepare import Choices, prepare

LOAD = Load(executor="constant-vus", duration=1.0, request={"order": 1})
DRILL = Drill(
    drill="endurance",
    target=Target(command="java -jar shop.jar", collect=10.0),
    stages=(Stage(stage="users", judge="load", load=LOAD), Stage(stage="outage", load=LOAD)),
)


def test_without_jcmd_no_heap_is_collected_and_no_load_test_pretends_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert prepare(DRILL, Choices(runtime="open"), {}, print).drill.skipped == {"users": "needs jcmd, of a JDK (collect)"}
    (tmp_path / "jcmd").touch(mode=0o755)
    assert prepare(DRILL, Choices(runtime="open"), {}, print).drill.skipped == {}


def test_a_stage_with_settings_of_the_kernel_needs_a_network_of_its_own() -> None:
    stages = (Stage(stage="set", kernel=Kernel(tcp_abort_on_overflow=1)), Stage(stage="not"))
    drill = Drill(drill="d", target=Target(command="true"), stages=stages)
    assert prepare(drill, Choices(runtime="open"), {}, print).drill.skipped == {"set": "needs the sandbox"}
    assert prepare(drill, Choices(runtime="sandbox"), {}, print).drill.skipped == {}
    assert prepare(drill, Choices(runtime="fake"), {}, print).drill.skipped == {}


def test_whether_the_sandbox_works_is_tried_once_and_said_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr(preparing, "available", lambda: tried.append("a room") or "no unshare; apt-get install util-linux")
    monkeypatch.setattr(preparing, "_why_no_sandbox", cache(preparing._why_no_sandbox.__wrapped__))
    said: list[str] = []
    assert [preparing.runtime_here(said.append) for _ in range(2)] == ["open", "open"]
    assert (len(tried), len(said)) == (1, 2)
