"""``python -m benchmarks.recovery [--rounds N] [--long] [--add]``: supervisors side by side, a table in benchmarks/README.md.

``--long``: the lab's own run of many crashes and the samples of the queue alarm, in place of rounds. ``--add``: to what is in
``results.json`` already, for a machine to be had for minutes at a time. Without either: three rounds and the long run.

Exit codes: 0 every target is kept; 1 one is missed; 2 it could not be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import place
from benchmarks.programs import Failed
from benchmarks.recovery import page, rounds
from benchmarks.recovery.recorded import Round, from_json, to_json

FOLDER = Path(__file__).resolve().parent
RESULTS, README = FOLDER / "results.json", FOLDER.parent / "README.md"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.recovery")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--long", action="store_true")
    asked.add_argument("--add", action="store_true")
    given = asked.parse_args()
    heading, before = from_json(RESULTS.read_text()) if given.add and RESULTS.exists() else (_heading(), [])
    try:
        found = [*before, *asyncio.run(_measured(0 if given.long else given.rounds, long=given.long or not given.add))]
    except Failed as why:
        print(f"recovery: {why}", file=sys.stderr)
        return 2
    RESULTS.write_text(to_json(heading, found))
    README.write_text(page.into(README.read_text(), heading, found))
    print(*page.rendered(heading, found), sep="\n")
    return 0 if all(claim.kept is not False for claim in page.claims(found)) else 1


async def _measured(count: int, *, long: bool) -> list[Round]:
    with tempfile.TemporaryDirectory(prefix="recovery-") as folder:
        found = [await rounds.one_round(Path(folder), _say) for _ in range(count)]
        return [*found, await rounds.long_run(Path(folder), _say)] if long else found


def _heading() -> str:
    machine = "; ".join(f"{name}: {value}" for name, value in place.machine().items())
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC. {machine}."


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
