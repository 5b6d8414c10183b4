"""hey, on one core. It checks nothing, but counts answers by status."""

from __future__ import annotations

import re

from benchmarks import programs
from benchmarks.clients.client import Client, Sample, sample
from benchmarks.place import BODY, Place

HOW = "go install github.com/rakyll/hey@v0.1.5"
_STATUS = re.compile(r"^\s*\[(\d{3})\]\s+(\d+) responses", re.MULTILINE)


def _version() -> str:
    found = programs.find("hey", HOW)
    built = re.search(rb"github\.com/rakyll/hey\s+(v[\d.]+)", _content(found))
    return built[1].decode().removeprefix("v") if built else "unknown"


def _content(path: str) -> bytes:
    """hey has no --version; Go writes it into what it builds."""
    with open(path, "rb") as file:
        return file.read()


def _argv(vus: int, seconds: float, url: str, body: str) -> list[str]:
    return ["-z", f"{seconds:g}s", "-c", str(vus), "-cpus", "1", "-m", "POST", "-T", "application/json", "-d", body, url]


def _closed(place: Place, vus: int, seconds: float) -> Sample:
    before = place.served()
    argv = [programs.find("hey", HOW), *_argv(vus, seconds, place.url, BODY)]
    ended = programs.run(argv, core=place.core, lasts_s=seconds, env={"GOMAXPROCS": "1"})
    counts = {int(status): int(count) for status, count in _STATUS.findall(ended.stdout)}
    total = sum(counts.values())
    return sample(place, vus, before, ended, total, total - counts.get(200, 0))


def _command(vus: int, seconds: float) -> str:
    return f"GOMAXPROCS=1 hey {' '.join(_argv(vus, seconds, '$URL', '…'))}"


CLIENT = Client("hey", _version, _closed, _command)
