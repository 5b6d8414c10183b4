"""k6 on one core, no output but its summary, expected statuses and the same check."""

from __future__ import annotations

import json

from benchmarks import programs
from benchmarks.clients.client import Client, Sample, sample
from benchmarks.place import BODY, Place
from benchmarks.programs import Failed

HOW = "go install go.k6.io/k6@v1.5.0"
_ENV = {"GOMAXPROCS": "1", "K6_NO_USAGE_REPORT": "true"}


def _version() -> str:
    return programs.said([programs.find("k6", HOW), "version"]).split()[1].removeprefix("v")


def _argv(vus: int, seconds: float, url: str, body: str, summary: str) -> list[str]:
    given = ["-e", f"URL={url}", "-e", f"BODY={body}"]
    return [
        *("run", "--quiet", "--no-color", "--vus", str(vus), "--duration", f"{seconds:g}s", "--summary-export", summary),
        *(*given, f"{programs.SCRIPTS}/orders.js"),
    ]


def _closed(place: Place, vus: int, seconds: float) -> Sample:
    before, path = place.served(), place.folder / "k6.json"
    argv = [programs.find("k6", HOW), *_argv(vus, seconds, place.url, BODY, str(path))]
    ended = programs.run(argv, core=place.core, lasts_s=seconds, env=_ENV)
    metrics = json.loads(path.read_text())["metrics"]
    requests, passed = int(metrics["http_reqs"]["count"]), int(metrics["checks"]["passes"])
    if passed > requests:
        raise Failed(f"k6: {passed} checks of {requests} requests")
    return sample(place, vus, before, ended, requests, int(metrics["checks"]["fails"]))


def _command(vus: int, seconds: float) -> str:
    return f"GOMAXPROCS=1 k6 {' '.join(_argv(vus, seconds, '$URL', '…', 'k6.json'))}"


CLIENT = Client("k6", _version, _closed, _command)
