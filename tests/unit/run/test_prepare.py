"""What a machine lacks is known before anything starts, and said at the stage that needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.drill.model import Drill, Load, Stage, Target
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
