"""What is written beside a run in k6's formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lab.cli import export
from tests.fake_lab import Played, play

HEAD = "drill: d\ntarget: {use: coupon-order}\nstages:\n"
STAGE = """  - stage: %s
    judge: load
    load: {request: order, executor: constant-vus, vus: %d, duration: 2s}
    probe: {rate: 10/s}
    thresholds: {http_req_duration: p(95)<30}
"""


def played(root: Path, *stages: tuple[str, int]) -> Played:
    (root / "d.yaml").write_text(HEAD + "".join(STAGE % stage for stage in stages))
    return play(root, str(root / "d.yaml"))


def summary(run: Played, path: Path) -> dict[str, Any]:
    assert list(export.write(run.history, run.verdict, export.Exports(summary=path))) == []
    found: dict[str, Any] = json.loads(path.read_bytes())["metrics"]
    return found


@pytest.mark.parametrize("order", [("crowd", "calm"), ("calm", "crowd")])
def test_a_stages_thresholds_stand_at_its_scenario_and_none_hides_another(tmp_path: Path, order: tuple[str, str]) -> None:
    users = {"crowd": 100, "calm": 5}
    run = played(tmp_path, *((name, users[name]) for name in order))
    found = summary(run, tmp_path / "s.json")
    assert found["http_req_duration{scenario:crowd}"]["thresholds"] == {"p(95)<30": True}
    assert found["http_req_duration{scenario:calm}"]["thresholds"] == {"p(95)<30": False}
    assert "thresholds" not in found["http_req_duration"]
    new = tmp_path / "new.json"
    assert list(export.write(run.history, run.verdict, export.Exports(machine_summary=new))) == []
    metrics = {each["name"]: each["values"] for each in json.loads(new.read_bytes())["results"]["metrics"]}
    calm, crowd = (metrics[f"http_req_duration{{scenario:{name}}}"]["p(95)"] for name in ("calm", "crowd"))
    assert calm < 30 <= crowd


def test_one_stage_is_the_whole_run(tmp_path: Path) -> None:
    found = summary(played(tmp_path, ("calm", 5)), tmp_path / "s.json")
    assert found["http_req_duration"]["thresholds"] == {"p(95)<30": False}
