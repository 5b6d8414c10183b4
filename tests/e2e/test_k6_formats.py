"""Our exports beside the real k6's: the same names, types, tags and shapes for the same requests. Numbers differ."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from histories import FRESH, failed, ok, refused, row
from k6_bench import k6, server

from lab.drill.thresholds import parse
from lab.history.model.rows import Outcome, Rows
from lab.report import k6_json
from lab.report.k6_summary import Run, legacy, machine_readable
from tests.required import lacks

pytestmark = pytest.mark.slow

SCRIPT = """
import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';
http.setResponseCallback(http.expectedStatuses(200));
export const options = {
  scenarios: { peak: { executor: 'shared-iterations', vus: 1, iterations: 4 } },
  thresholds: { http_req_failed: ['rate<0.01'], 'http_req_duration{scenario:peak}': ['max<60000'] },
};
export default function () {
  const urls = [`${__ENV.BASE_URL}/ok`, `${__ENV.BASE_URL}/400`, __ENV.REFUSED, `${__ENV.BASE_URL}/half`];
  const url = urls[exec.scenario.iterationInTest];
  check(http.post(url, null, {tags: {name: 'order'}}), {'status': (answer) => answer.status === 200});
}
"""
NOT_MEASURED = {"vus", "vus_max", "data_sent", "data_received"}


@dataclass(frozen=True)
class Threshold:
    selector: str
    expression: str
    kept: bool


@dataclass(frozen=True)
class Told:
    """What the real k6 wrote. ``machine_readable`` None: this k6 has no such summary (1.5.0 was the first)."""

    lines: Sequence[dict[str, Any]]
    legacy: dict[str, Any]
    machine_readable: dict[str, Any] | None


@pytest.fixture(scope="module")
def k6s(tmp_path_factory: pytest.TempPathFactory) -> Told:
    place = tmp_path_factory.mktemp("k6")
    (place / "script.js").write_text(SCRIPT)
    _run(place, "--out=json=points.json", "--summary-export=legacy.json")
    lines = [json.loads(line) for line in (place / "points.json").read_text().splitlines()]
    known = "--new-machine-readable-summary" in subprocess.run([k6(), "run", "--help"], capture_output=True, text=True).stdout
    if known:
        _run(place, "--new-machine-readable-summary", "--summary-mode=full", "--summary-export=new.json")
    new = json.loads((place / "new.json").read_text()) if known else None
    return Told(lines, json.loads((place / "legacy.json").read_text()), new)


def _run(place: Path, *options: str) -> None:
    with server() as served, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        urls = [f"BASE_URL=http://127.0.0.1:{served.port}", f"REFUSED=http://127.0.0.1:{closed.getsockname()[1]}/"]
        variables = [word for url in urls for word in ("-e", url)]
        command = [k6(), "run", "--quiet", "--no-usage-report", "--address=", *variables, *options, "script.js"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
        assert done.returncode == 99, done.stderr


RUN = Run(
    Rows.of([ok(1.0), failed(2.0, status=400), refused(3.0), row(4.0, 0.005, Outcome.BAD_BODY, FRESH, status=200)]),
    ["peak"],
    ["order"],
    1.0,
    [Threshold("http_req_failed", "rate<0.01", False), Threshold("http_req_duration{scenario:peak}", "max<60000", True)],
)


def ours() -> list[dict[str, Any]]:
    names = {"scenario_names": ["peak"], "request_names": ["order"], "methods": ["POST"], "urls": ["order"]}
    thresholds = [parse(each.selector, [each.expression])[0] for each in RUN.thresholds]
    return [json.loads(line) for line in k6_json.lines(RUN.rows, **names, epoch_ns=0, thresholds=thresholds)]


def shape(value: object) -> object:
    """Numbers are numbers, and a time is a time."""
    if isinstance(value, dict):
        return {key: "time" if key == "time" else shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else value


def points(lines: Sequence[dict[str, Any]]) -> list[object]:
    return [shape(line) for line in lines if line["type"] == "Point" and line["metric"] not in NOT_MEASURED]


def test_the_points_are_the_same_one_by_one_with_the_same_tags(k6s: Told) -> None:
    assert points(ours()) == points(k6s.lines)


def test_the_points_values_are_the_same_where_they_are_counts(k6s: Told) -> None:
    def counts(lines: Sequence[dict[str, Any]]) -> list[tuple[str, float]]:
        names = {"http_reqs", "http_req_failed", "checks", "iterations"}
        return [(line["metric"], line["data"]["value"]) for line in lines if line["type"] == "Point" and line["metric"] in names]

    assert counts(ours()) == counts(k6s.lines)


def test_the_metrics_are_introduced_with_the_same_words(k6s: Told) -> None:
    """With their thresholds, and the sub-metric of one."""

    def introduced(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {line["metric"]: line for line in lines if line["type"] == "Metric" and line["metric"] not in NOT_MEASURED}

    assert introduced(ours()) == introduced(k6s.lines)
    assert list(introduced(ours())) == list(introduced(k6s.lines)), "in the same order"


def test_the_legacy_summary_has_the_same_keys_thresholds_and_checks(k6s: Told) -> None:
    found, real = legacy(RUN), k6s.legacy
    assert set(real["metrics"]) - NOT_MEASURED == set(found["metrics"])
    measured = {name: values for name, values in real["metrics"].items() if name not in NOT_MEASURED}
    assert shape(found["metrics"]) == shape(measured)
    assert found["root_group"] == real["root_group"]
    for name in ("http_req_failed", "checks"):
        assert found["metrics"][name]["value"] == pytest.approx(real["metrics"][name]["value"])
        assert found["metrics"][name]["passes"] == real["metrics"][name]["passes"]
    for threshold in RUN.thresholds:
        assert found["metrics"][threshold.selector]["thresholds"] == real["metrics"][threshold.selector]["thresholds"]


def test_the_machine_readable_summary_has_the_same_shape(k6s: Told) -> None:
    if k6s.machine_readable is None:
        lacks("a k6 with a machine-readable summary (1.5.0 was the first)")
    found = machine_readable(RUN, script="script.js", generated_at="2026-11-25T14:54:49Z", version="1.5.0")
    real = k6s.machine_readable
    assert set(found) == set(real)
    assert {key: set(found[key]) for key in ("config", "results")} == {key: set(real[key]) for key in ("config", "results")}
    # 1.5.0 wrote generated_at, k6_version, p90 and p95 under the same schema version; we write what 2.2.0 does
    spelt = {"generated_at": "generatedAt", "k6_version": "k6Version", "p90": "p(90)", "p95": "p(95)"}
    assert set(found["metadata"]) == {spelt.get(key, key) for key in real["metadata"]}
    assert (found["version"], found["config"]["execution"]) == (real["version"], real["config"]["execution"])
    assert found["results"]["checks"] == real["results"]["checks"]
    measured = [each for each in real["results"]["metrics"] if each["name"] not in NOT_MEASURED]
    for each in measured:
        each["values"] = {spelt.get(key, key): value for key, value in each["values"].items()}
    theirs = {each["name"]: shape(each) for each in measured}
    assert {each["name"]: shape(each) for each in found["results"]["metrics"]} == theirs
