"""All plans by our engine: the shard's own process for each, all of them side by side, as k6's scenarios are."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.against_k6.measured import Measured, TooBusy, seen_by
from benchmarks.against_k6.plans import LONGEST_S, Plan, asks
from benchmarks.against_k6.processes import counting_server, side_by_side
from benchmarks.against_k6.server import Seen
from benchmarks.programs import Failed
from lab.drill.model import Request
from lab.history.model.rows import Outcome
from lab.history.store import read_rows
from lab.load.plan import ShardPlan
from lab.nanoseconds import NS_PER_S

MOST_LATE_MS = 20.0
"""As late as the plans allow an answer to be."""
END_S = 20.0


def run(plans: Sequence[Plan], starting_s: float) -> Mapping[str, Measured]:
    """By the plan's name. ``starting_s``: that the shards have to start, all of them.

    Raises Failed when a shard fails, or wrote other rows than the server counted; TooBusy when one began late.
    """
    t0_ns, start_ns = time.monotonic_ns(), round(starting_s * NS_PER_S)
    with tempfile.TemporaryDirectory() as folder, counting_server() as port:
        argv = [sys.executable, "-m", "lab.load.shard"]
        told = {plan.name: _shard_plan(plan, port, Path(folder), t0_ns, start_ns) for plan in plans}
        said = side_by_side({name: (argv, each.to_json()) for name, each in told.items()}, starting_s + LONGEST_S + END_S)
        seen = seen_by(port)
        outcomes = {name: read_rows(Path(each.rows)).outcome.tolist() for name, each in told.items()}
    for name, lines in said.items():
        _in_time(name, lines)
    return {plan.name: _measured(plan, seen[plan.name], outcomes[plan.name], t0_ns + start_ns) for plan in plans}


def _in_time(name: str, said: str) -> None:
    """What a shard says itself, in its last line."""
    late_ms = json.loads(said.splitlines()[-1])["late_ms"]
    if late_ms > MOST_LATE_MS:
        raise TooBusy(f"{name}: its shard began {late_ms:.0f} ms late")


def _measured(plan: Plan, seen: Seen, outcomes: list[int], begin_ns: int) -> Measured:
    dropped = outcomes.count(Outcome.DROPPED)
    found = Measured.of(seen, begin_ns, outcomes.count(Outcome.OK), dropped)
    if outcomes.count(Outcome.CUT) != found.counts.cut or len(outcomes) != found.counts.started + dropped:
        raise Failed(f"{plan.name}: {len(outcomes)} rows; the server counted {found.counts}")
    return found.since(plan)


def _shard_plan(plan: Plan, port: int, folder: Path, t0_ns: int, start_ns: int) -> ShardPlan:
    return ShardPlan(
        shard=0,
        shards=1,
        start_ns=start_ns,
        t0_ns=t0_ns,
        host="127.0.0.1",
        port=port,
        load=plan.load,
        requests=((0, "ask", Request(get=asks(plan))),),
        scenario=0,
        seed=7,
        run="plans",
        first_key=0,
        rows=str(folder / f"{plan.name}.arrows"),
        headers={},
    )
