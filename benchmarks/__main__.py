"""``python -m benchmarks [NAME …] [--rounds N]``: all measures, or those that are named.

1. nginx is started on the first core and a free loopback port, from a folder that is gone afterwards;
2. each measure runs its clients on the second core, one at a time, round by round;
3. each claim is printed as a line: what, median (min–max), target, kept or not;
4. all measures with 5 rounds or more: ``benchmarks/results.json`` is written and the table in ``benchmarks/README.md``.

Exit codes: 0 measured, whatever came of it (a benchmark that misses a target is a result); 2 it could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import clients, measures, place, table
from benchmarks.programs import Failed, NotHere
from benchmarks.results import Results, to_json

FOLDER = Path(__file__).resolve().parent
LEAST_ROUNDS = 5


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m benchmarks")
    asked.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(measures.ALL)}; none: all of them")
    asked.add_argument("--rounds", type=int, default=LEAST_ROUNDS)
    given = asked.parse_args()
    if unknown := sorted(set(given.names) - set(measures.ALL)):
        asked.error(f"no measure {', '.join(unknown)}: expected of {', '.join(measures.ALL)}")
    if given.rounds < 1:
        asked.error(f"--rounds {given.rounds}: expected at least 1")
    try:
        results = run(given.names or list(measures.ALL), given.rounds)
    except (Failed, NotHere) as why:
        print(f"benchmarks: {why}", file=sys.stderr)
        return 2
    for claim in results.claims:
        print(table.claim_line(claim))
    if not given.names and given.rounds >= LEAST_ROUNDS:
        keep(results)
    return 0


def run(names: list[str], rounds: int) -> Results:
    begin_s, began, before, machine = time.monotonic(), datetime.now(UTC), place.cpu_times(), place.machine()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, place.place(Path(folder)) as here:
        found = [measures.ALL[name](here, rounds, say) for name in names]
    others = place.others_share(before, place.cpu_times())
    return Results(
        date=began.strftime("%Y-%m-%d %H:%M UTC"),
        machine={**machine, "CPU time that niced others took meanwhile": f"{others:.0%}"},
        versions=versions(),
        rounds=rounds,
        wall_s=round(time.monotonic() - begin_s, 1),
        claims=tuple(claim for each in found for claim in each.claims),
        series=tuple(series for each in found for series in each.series),
    )


def versions() -> Mapping[str, str]:
    found = {"nginx": place.nginx_version()}
    for client in clients.ALL:
        try:
            found[client.name] = client.version()
        except NotHere as how:
            found[client.name] = f"not here: {how}"
    return found


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def keep(results: Results) -> None:
    (FOLDER / "results.json").write_text(to_json(results))
    readme = FOLDER / "README.md"
    readme.write_text(table.into(readme.read_text(), results))


if __name__ == "__main__":
    sys.exit(main())
