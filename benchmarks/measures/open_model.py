"""The open model: does a request start when it is due, and is the latency that we report the server's or our own?"""

from __future__ import annotations

from benchmarks.clients import shard, wrk
from benchmarks.figures import Claim, Spread, at_most, distances
from benchmarks.measures.measure import Found, Say
from benchmarks.place import Place
from benchmarks.programs import NotHere
from benchmarks.results import Series
from lab.drill.model import Load
from lab.judge.load import load_figures
from lab.judge.verdict import LoadFigures

NAME = "open model"
FAST, SLOW = 1000, 300
SECONDS, SLOW_SECONDS = 10.0, 5.0
WRK_USERS, WRK_DELAY_MS = 30, 100
"""30 users who pause 100 ms make about 292 requests a second (notes)."""


def measure(place: Place, rounds: int, say: Say) -> Found:
    lag_ms: list[float] = []
    ours_ms: list[float] = []
    wrk_ms: list[float] = []
    missing = ""
    for number in range(rounds):
        lag_ms.append((_run(place, _load(FAST, SECONDS)).generator.lag_p99_s or 0.0) * 1e3)
        service = _run(place, _load(SLOW, SLOW_SECONDS)).service
        assert service is not None
        ours_ms.append(service.med_ms)
        try:
            wrk_ms.append(wrk.run(place, WRK_USERS, SLOW_SECONDS, WRK_DELAY_MS).p50_ms)
        except NotHere as how:
            missing = str(how)
        say(f"round {number + 1}: p99 of start − due at {FAST}/s: {lag_ms[-1]:.2f} ms; p50 at {SLOW}/s: lab {ours_ms[-1]:.2f} ms")
    return Found(_claims(lag_ms, ours_ms, wrk_ms, missing), _series(lag_ms, ours_ms, wrk_ms, missing))


def _load(rate: int, seconds: float) -> Load:
    return shard.users(executor="constant-arrival-rate", rate=float(rate), duration=seconds, vus=50, max_vus=300)


def _run(place: Place, load: Load) -> LoadFigures:
    rows, _ = shard.run(place, load, load.duration or 0.0)
    figures = load_figures(rows, load, ["order"], [], slow_s=1.0)
    assert figures is not None
    return figures


def _claims(lag_ms: list[float], ours_ms: list[float], wrk_ms: list[float], missing: str) -> tuple[Claim, ...]:
    lag, more = (
        f"{FAST}/s for {SECONDS:g} s: p99 of start − due",
        f"{SLOW}/s: distance of our reported p50 from wrk's at about the same rate",
    )
    spread = None if missing else Spread.of(distances(ours_ms, wrk_ms))
    return (
        Claim(measure=NAME, what=lag, unit=" ms", spread=Spread.of(lag_ms), target=at_most(5)),
        Claim(measure=NAME, what=more, unit=" ms", spread=spread, target=at_most(0.2), missing=missing),
    )


def _series(lag_ms: list[float], ours_ms: list[float], wrk_ms: list[float], missing: str) -> tuple[Series, ...]:
    def series(client: str, figure: str, values: list[float], command: str, missing: str = "") -> Series:
        rounds = tuple(round(value, 3) for value in values)
        return Series(measure=NAME, client=client, figure=figure, unit=" ms", rounds=rounds, command=command, missing=missing)

    def ours(rate: int, seconds: float) -> str:
        return shard.command(f"constant-arrival-rate, rate: {rate}/s, duration: {seconds:g}s")

    theirs = wrk.command(WRK_USERS, SLOW_SECONDS, WRK_DELAY_MS)
    return (
        series("lab", f"p99 of start − due at {FAST}/s", lag_ms, ours(FAST, SECONDS)),
        series("lab", f"reported p50 at {SLOW}/s", ours_ms, ours(SLOW, SLOW_SECONDS)),
        series("wrk", f"reported p50 at about {SLOW}/s", wrk_ms, theirs, missing),
    )
