"""All plans by the real k6: one process, one scenario for each plan."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.against_k6.measured import Measured, seen_by
from benchmarks.against_k6.plans import LONGEST_S, Plan, asks
from benchmarks.against_k6.processes import counting_server, side_by_side
from benchmarks.against_k6.words import options
from benchmarks.programs import SCRIPTS

START_S = 20.0
"""To start, and to make its users, on a busy machine."""


def run(k6: str, plans: Sequence[Plan]) -> Mapping[str, Measured]:
    """By the plan's name. Raises Failed when k6 fails."""
    with tempfile.TemporaryDirectory() as folder, counting_server() as port:
        summary = Path(folder) / "summary.json"
        side_by_side({"k6": (_argv(k6, plans, port, summary), "")}, LONGEST_S + START_S)
        seen, metrics = seen_by(port), json.loads(summary.read_text())["metrics"]

    def count(metric: str, plan: Plan) -> int:
        return int(metrics.get(f"{metric}{{scenario:{plan.name}}}", {"count": 0})["count"])

    return {
        plan.name: Measured.of(
            seen[plan.name], seen[plan.name].began, count("iterations", plan), count("dropped_iterations", plan)
        ).since(plan)
        for plan in plans
    }


def _argv(k6: str, plans: Sequence[Plan], port: int, summary: Path) -> list[str]:
    given = {
        "URL": f"http://127.0.0.1:{port}",
        "OPTIONS": json.dumps(options(plans)),
        "PATHS": json.dumps({plan.name: asks(plan) for plan in plans}),
    }
    return [
        *(k6, "run", "--quiet", "--no-color", "--no-usage-report", "--address=", "--summary-export", str(summary)),
        *(word for name, value in given.items() for word in ("-e", f"{name}={value}")),
        f"{SCRIPTS}/plans.js",
    ]
