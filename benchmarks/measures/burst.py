"""300 users with one request each, all at once, on cold connections: what the engine adds to a bare client's time."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from benchmarks import programs
from benchmarks.clients import shard
from benchmarks.clients.client import last_json
from benchmarks.figures import Claim, Spread, at_most, ratios
from benchmarks.measures.measure import Found, Say
from benchmarks.place import BODY, PATH, Place
from benchmarks.results import Series
from lab.judge.load import load_figures

NAME = "burst"
USERS = 300
REPEATS = 3
"""Bursts of each client in a round, one beside the other: a burst lasts 50 ms, and one wake-up of the machine is 10."""
SCRIPT = f"{programs.SCRIPTS}/burst_bare.py"


@dataclass(frozen=True)
class Burst:
    """``wall_ms`` from the first instant to the last answer; p50 of a request from that instant (``due``), and from when it
    was sent (``service``, k6's duration)."""

    wall_ms: float
    due_p50_ms: float
    service_p50_ms: float


FIGURES = {
    "wall_ms": ("300 users at once, cold connections: burst time", 2.0),
    "due_p50_ms": ("the same: reported p50, from due", 1.3),
    "service_p50_ms": ("the same: reported p50, from sent", 1.3),
}


def measure(place: Place, rounds: int, say: Say) -> Found:
    ours: list[Burst] = []
    bare: list[Burst] = []
    for number in range(rounds):
        for _ in range(REPEATS):
            ours.append(_ours(place))
            bare.append(_bare(place))
        mine, other = ours[-1], bare[-1]
        say(f"round {number + 1}: burst of {USERS}: lab {mine.wall_ms:.1f} ms, bare client {other.wall_ms:.1f} ms")
    claims, series = [], []
    for name, (what, bound) in FIGURES.items():
        mine_ms, other_ms = ([getattr(each, name) for each in bursts] for bursts in (ours, bare))
        spread = Spread.of(ratios(mine_ms, other_ms))
        claims.append(Claim(measure=NAME, what=f"{what}: ours / bare client", unit="×", spread=spread, target=at_most(bound)))
        command = shard.command(f"per-vu-iterations, vus: {USERS}, iterations: 1")
        bare_command = f"python {SCRIPT} 127.0.0.1 $PORT {PATH} {USERS} …"
        for client, values, how in (("lab", mine_ms, command), ("bare asyncio + httptools", other_ms, bare_command)):
            rounded = tuple(round(value, 3) for value in values)
            series.append(Series(measure=NAME, client=client, figure=what, unit=" ms", rounds=rounded, command=how))
    return Found(tuple(claims), tuple(series))


def _ours(place: Place) -> Burst:
    load = shard.users(executor="per-vu-iterations", vus=USERS, iterations=1)
    rows, _ = shard.run(place, load, 1)
    figures = load_figures(rows, load, ["order"], [], slow_s=1.0)
    assert figures is not None
    assert figures.due is not None
    assert figures.service is not None
    return Burst((figures.end_s - figures.begin_s) * 1e3, figures.due.med_ms, figures.service.med_ms)


def _bare(place: Place) -> Burst:
    argv = [sys.executable, SCRIPT, "127.0.0.1", str(place.port), PATH, str(USERS), BODY]
    return Burst(**last_json(programs.run(argv, core=place.core, lasts_s=1)))
