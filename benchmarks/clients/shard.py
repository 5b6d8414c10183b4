"""This lab's engine: the shard's own process, all rows written and read back, judged by the figures of its report."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import lab
from benchmarks import programs
from benchmarks.clients.client import Client, Sample
from benchmarks.place import PATH, Place
from benchmarks.programs import Ended, Failed
from lab.drill.model import Load, Request
from lab.history.model.rows import Outcome, Rows
from lab.history.store import read_rows
from lab.load.plan import ShardPlan

START_AHEAD_NS = 1_000_000_000
"""As lab.run.crowd: the process is there by then."""
_ORDER = Request(post=PATH, json={"item": 1, "key": "0" * 40}, expect=(200, 400))


SCRIPT = f"{programs.SCRIPTS}/orders_scripted.py"
"""The same request, its status checked by the script."""


def run(place: Place, load: Load, lasts_s: float) -> tuple[Rows, Ended]:
    """Runs ``load`` to its end. Raises Failed unless every row is there, each answered as expected or cut at the end."""
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        path = Path(folder) / "requests-load-0.arrows"
        plan = ShardPlan(
            shard=0,
            shards=1,
            start_ns=START_AHEAD_NS,
            t0_ns=time.monotonic_ns(),
            host="127.0.0.1",
            port=place.port,
            load=load,
            requests=((0, "order", _ORDER),),
            scenario=0,
            seed=7,
            run="bench",
            first_key=0,
            rows=str(path),
            headers={"X-Lab-Run": "bench"},
        )
        before = place.served()
        argv = [sys.executable, "-m", "lab.load.shard"]
        ended = programs.run(argv, core=place.core, lasts_s=lasts_s, first_line=plan.to_json())
        served = place.served_since(before)
        rows = read_rows(path)
    odd = int(((rows.outcome != Outcome.OK) & (rows.outcome != Outcome.CUT)).sum())
    if odd or served != len(rows):
        raise Failed(f"shard: {len(rows)} rows, {odd} of them not as expected; nginx served {served}")
    return rows, ended


def users(**how: object) -> Load:
    return Load(request={"order": 1}, **how)  # type: ignore[arg-type]  # a load's own words


def _closed(place: Place, vus: int, seconds: float) -> Sample:
    rows, ended = run(place, users(executor="constant-vus", vus=vus, duration=seconds), seconds)
    return Sample(len(rows), ended.cpu_s, ended.wall_s)


def command(words: str) -> str:
    return f"python -m lab.load.shard < plan ({words})"


CLIENT = Client(
    "lab",
    lambda: lab.__version__,
    _closed,
    lambda vus, seconds: command(f"constant-vus, vus: {vus}, duration: {seconds:g}s"),
)


def _scripted(place: Place, vus: int, seconds: float) -> Sample:
    load = Load(executor="constant-vus", vus=vus, duration=seconds, python=SCRIPT)
    rows, ended = run(place, load, seconds)
    return Sample(len(rows), ended.cpu_s, ended.wall_s)


SCRIPTED = Client(
    "lab, scripted",
    lambda: lab.__version__,
    _scripted,
    lambda vus, seconds: command(f"constant-vus, vus: {vus}, duration: {seconds:g}s, python: {SCRIPT}"),
)
