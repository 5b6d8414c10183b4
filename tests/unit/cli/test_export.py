"""What is written beside a run in k6's formats."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from lab.cli import export
from lab.cli.main import app
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


@pytest.mark.parametrize(("url", "told"), [(None, "/orders"), ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/orders")])
def test_the_lines_have_the_whole_url_of_a_service_that_has_one_and_the_thresholds(
    tmp_path: Path, url: str | None, told: str
) -> None:
    run = played(tmp_path, ("calm", 5), ("also", 5))
    drill = run.history.plan.drill
    history = replace(run.history, plan=replace(run.history.plan, drill=replace(drill, target=replace(drill.target, url=url))))
    assert list(export.write(history, run.verdict, export.Exports(json_lines=tmp_path / "x.json"))) == []
    lines = [json.loads(line) for line in (tmp_path / "x.json").read_text().splitlines()]
    assert {line["data"]["tags"]["url"] for line in lines if line["type"] == "Point" and line["metric"] == "http_reqs"} == {told}
    (duration,) = (line["data"] for line in lines if line["type"] == "Metric" and line["metric"] == "http_req_duration")
    assert [each["suffix"] for each in duration["submetrics"]] == ["scenario:also", "scenario:calm", "expected_response:true"]


def lab(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["load", *arguments])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--summary-export", "no/s.json"], "--summary-export no/s.json: there is no directory no"),
        (["--machine-readable-summary", "no/s.json"], "--machine-readable-summary no/s.json: there is no directory no"),
        (["--out", "k6-json=no/x.json"], "--out k6-json=no/x.json: there is no directory no"),
        (["--summary-export", "."], "--summary-export .: it is a directory, expected a file"),
        (["--out", "k6-json="], "--out k6-json="),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = lab("peak", "--runtime", "fake", *options)
    assert (done.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert f"error: {told}\nhint: " in done.stderr


def test_a_file_that_could_not_be_written_after_all_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.yaml").write_text(HEAD + STAGE % ("calm", 5))
    assert lab("d.yaml", "--runtime", "fake", "--summary-export", "runs/s.json").exit_code == 0
    assert (tmp_path / "runs" / "s.json").exists()
    full = lab("d.yaml", "--runtime", "fake", "--summary-export", "/dev/full")
    assert (full.exit_code, "error: --summary-export /dev/full: No space left on device\n" in full.stderr) == (3, True)
    (tmp_path / "d.yaml").write_text(HEAD + STAGE % ("crowd", 100))
    assert lab("d.yaml", "--runtime", "fake", "--summary-export", "/dev/full").exit_code == 1
