"""wrk: what a core can send in C. Its own count of statuses other than 2xx and 3xx is its check."""

from __future__ import annotations

from benchmarks import programs
from benchmarks.clients.client import Client, Sample, last_json, sample
from benchmarks.place import BODY, Place

HOW = "apt install wrk"


def _version() -> str:
    return programs.said([programs.find("wrk", HOW), "-v"]).split()[1].partition("/")[2]


def _argv(vus: int, seconds: float, url: str) -> list[str]:
    return ["-t1", f"-c{vus}", f"-d{seconds:g}s", "-s", f"{programs.SCRIPTS}/orders.lua", url]


def run(place: Place, vus: int, seconds: float, delay_ms: int = 0) -> Sample:
    """``delay_ms``: each user's pause before a request."""
    before = place.served()
    argv = [programs.find("wrk", HOW), *_argv(vus, seconds, place.url)]
    ended = programs.run(argv, core=place.core, lasts_s=seconds, env={"BODY": BODY, "DELAY_MS": str(delay_ms)})
    said = last_json(ended)
    return sample(place, vus, before, ended, said["requests"], said["failed"], said["p50_ms"])


def command(vus: int, seconds: float, delay_ms: int = 0) -> str:
    pause = f"DELAY_MS={delay_ms} " if delay_ms else ""
    return f"{pause}BODY=… wrk {' '.join(_argv(vus, seconds, '$URL'))}"


CLIENT = Client("wrk", _version, run, command)
