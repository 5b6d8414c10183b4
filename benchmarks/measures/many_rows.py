"""Ten million rows: what they take on disk, and what time and memory their summary takes."""

from __future__ import annotations

import sys
from typing import Any

from benchmarks import programs
from benchmarks.clients.client import last_json
from benchmarks.figures import Claim, Spread, at_most
from benchmarks.measures.measure import Found, Say
from benchmarks.place import Place
from benchmarks.programs import Failed
from benchmarks.results import Series

NAME = "ten million rows"
COUNT = 10_000_000
MAKE, SUMMARISE = f"{programs.SCRIPTS}/make_rows.py", f"{programs.SCRIPTS}/summarise.py"
LONGEST_S = 60.0
_FIGURES = {
    "peak_mb": ("reading and summary: peak memory of the process", " MB", 500),
    "summary_s": ("summary: every figure of a load's report", " s", 5),
    "read_s": ("reading the file", " s", None),
}


def measure(place: Place, rounds: int, say: Say) -> Found:
    """The file is made once, read and summarised in a process of its own each round."""
    path = place.folder / "requests-load-0.arrows"
    programs.run([sys.executable, MAKE, str(path), str(COUNT)], core=place.core, lasts_s=LONGEST_S)
    on_disk_mb = path.stat().st_size / 1e6
    say(f"{COUNT:,} rows: {on_disk_mb:.0f} MB on disk")
    found = []
    for number in range(rounds):
        found.append(_summarise(place, str(path)))
        say(f"round {number + 1}: {found[-1]['summary_s']:.2f} s and {found[-1]['peak_mb']:.0f} MB")
    path.unlink()
    disk, size = "ten million rows on disk (Arrow, as a shard writes them)", Spread.of([on_disk_mb])
    claims = [Claim(measure=NAME, what=disk, unit=" MB", spread=size, target=at_most(500))]
    series = [_row("lab", disk, " MB", [on_disk_mb], f"python {MAKE} FILE {COUNT}")]
    for name, (what, unit, bound) in _FIGURES.items():
        values = [float(each[name]) for each in found]
        target = None if bound is None else at_most(bound)
        claims.append(Claim(measure=NAME, what=what, unit=unit, spread=Spread.of(values), target=target))
        series.append(_row("lab", what, unit, values, f"python {SUMMARISE} FILE"))
    return Found(tuple(claims), tuple(series))


def _summarise(place: Place, path: str) -> dict[str, Any]:
    found = last_json(programs.run([sys.executable, SUMMARISE, path], core=place.core, lasts_s=LONGEST_S))
    if found["rows"] != COUNT:
        raise Failed(f"{found['rows']} rows of {COUNT} were summarised")
    return found


def _row(client: str, figure: str, unit: str, values: list[float], command: str) -> Series:
    rounds = tuple(round(value, 3) for value in values)
    return Series(measure=NAME, client=client, figure=figure, unit=unit, rounds=rounds, command=command)
