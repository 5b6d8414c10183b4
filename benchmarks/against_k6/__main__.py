"""``python -m benchmarks.against_k6 [--rounds N]``: every plan by our executors and by the real k6, a table in docs/k6.md.

Exit codes: 0 iterations, drops and cuts are those of each plan, on both sides; 1 they are not; 2 it could not be measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from benchmarks.against_k6 import page
from benchmarks.against_k6.compared import Pair
from benchmarks.against_k6.measured import TooBusy
from benchmarks.against_k6.plans import PLANS
from benchmarks.against_k6.rounds import one_round
from benchmarks.clients import k6
from benchmarks.programs import ROOT, Failed, NotHere, find

LEAST_ROUNDS = 3
PAGE = ROOT / "docs" / "k6.md"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m benchmarks.against_k6")
    asked.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help=f"with {LEAST_ROUNDS} or more the page is written")
    rounds = max(1, asked.parse_args().rounds)
    began = datetime.now(UTC)
    try:
        program = find("k6", k6.HOW)
        found = [_round(program, number + 1) for number in range(rounds)]
    except (Failed, NotHere, TooBusy) as why:
        print(f"against_k6: {why}", file=sys.stderr)
        return 2
    pairs: Mapping[str, Sequence[Pair]] = {plan.name: [each[plan.name] for each in found] for plan in PLANS}
    print(*page.table(PLANS, pairs), sep="\n")
    if rounds >= LEAST_ROUNDS:
        heading = f"{began:%Y-%m-%d}, k6 {k6.CLIENT.version()}, {rounds} rounds."
        PAGE.write_text(page.into(PAGE.read_text(), PLANS, pairs, heading))
    as_planned = (pair.ours.counts == pair.k6s.counts == plan.expected for plan in PLANS for pair in pairs[plan.name])
    return 0 if all(as_planned) else 1


def _round(program: str, number: int) -> Mapping[str, Pair]:
    print(f"round {number}", file=sys.stderr, flush=True)
    return one_round(program, PLANS, lambda line: print(line, file=sys.stderr, flush=True))


if __name__ == "__main__":
    sys.exit(main())
