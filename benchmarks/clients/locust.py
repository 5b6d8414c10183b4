"""Locust's FastHttpUser, from a virtual environment of its own: ``make bench`` makes it."""

from __future__ import annotations

import json
import os

from benchmarks import programs
from benchmarks.clients.client import Client, Sample, sample
from benchmarks.place import BODY, PATH, Place
from benchmarks.programs import NotHere

PROGRAM = programs.ROOT / "benchmarks" / ".venv" / "bin" / "locust"
HOW = "make benchmarks/.venv/bin/locust"


def _program() -> str:
    if not os.access(PROGRAM, os.X_OK):
        raise NotHere(HOW)
    return str(PROGRAM)


def _version() -> str:
    return programs.said([_program(), "--version"]).split()[1]


def _argv(vus: int, seconds: float, host: str) -> list[str]:
    return [
        *("-f", f"{programs.SCRIPTS}/orders_locust.py", "--headless", "--host", host, "-u", str(vus), "-r", str(vus)),
        *("-t", f"{seconds:g}s", "--only-summary", "--json", "--loglevel", "ERROR"),
    ]


def _closed(place: Place, vus: int, seconds: float) -> Sample:
    before = place.served()
    env = {"BODY": BODY, "ORDERS_PATH": PATH}
    argv = [_program(), *_argv(vus, seconds, f"http://127.0.0.1:{place.port}")]
    ended = programs.run(argv, core=place.core, lasts_s=seconds, env=env)
    (said,) = json.loads(ended.stdout)
    return sample(place, vus, before, ended, said["num_requests"], said["num_failures"])


def _command(vus: int, seconds: float) -> str:
    return f"BODY=… ORDERS_PATH={PATH} benchmarks/.venv/bin/locust {' '.join(_argv(vus, seconds, '$HOST'))}"


CLIENT = Client("Locust FastHttpUser", _version, _closed, _command)
