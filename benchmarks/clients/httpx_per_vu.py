"""httpx, one client per user: the setting in which it is fastest under load (notes/load-clients, A3)."""

from __future__ import annotations

import sys
from importlib.metadata import version

from benchmarks import programs
from benchmarks.clients.client import Client, Sample, last_json, sample
from benchmarks.place import BODY, Place

SCRIPT = f"{programs.SCRIPTS}/orders_httpx.py"


def _closed(place: Place, vus: int, seconds: float) -> Sample:
    before = place.served()
    argv = [sys.executable, SCRIPT, place.url, str(vus), f"{seconds:g}", BODY]
    ended = programs.run(argv, core=place.core, lasts_s=seconds)
    said = last_json(ended)
    return sample(place, vus, before, ended, said["requests"], said["failed"])


def _command(vus: int, seconds: float) -> str:
    return f"python {SCRIPT} $URL {vus} {seconds:g} …"


CLIENT = Client("httpx per VU", lambda: version("httpx"), _closed, _command)
