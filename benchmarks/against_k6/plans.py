"""The plans that both carry out, each described once: k6's options are made of the same ``Load`` (``words``).

They are chosen so that no count hangs on a millisecond: the server takes ``work_ms`` for each answer, and one that is up to
:data:`LATEST_MS` late makes no other start and no other drop (``tests/unit/benchmarks/test_plans_against_k6.py`` plays that).
For the same reason no arrival is due within 10 ms of the very end: k6 waits there for a timer and a deadline, and takes
either when both are up (docs/k6.md has how often).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lab.drill.model import Executor, Load, Ramp

LATEST_MS = 20
"""Answers may be so late in a user's first iteration, in which it connects; 1 ms in every other."""

LONGEST_S = 10.0
"""No plan takes so long, its start time included."""


@dataclass(frozen=True)
class Counts:
    """``started`` iterations, of them ``finished`` and ``cut`` in flight; ``dropped`` were never started."""

    started: int
    finished: int
    dropped: int = 0
    cut: int = 0


@dataclass(frozen=True)
class Plan:
    """``name``: k6's scenario, and the path that is asked for. ``after_s``: what :func:`apart` has added to its start time."""

    name: str
    load: Load
    work_ms: int
    expected: Counts
    after_s: float = 0.0


def _plan(name: str, work_ms: int, expected: Counts, executor: Executor, **load: Any) -> Plan:
    return Plan(name, Load(executor=executor, request={"ask": 1}, **load), work_ms, expected)


def _ramp(*steps: tuple[float, float]) -> tuple[Ramp, ...]:
    """(seconds, target) each."""
    return tuple(Ramp(to=to, over=over) for over, to in steps)


PLANS: Sequence[Plan] = (
    _plan("shared-iterations", 100, Counts(200, 200), "shared-iterations", vus=10, iterations=200),
    _plan(
        "shared-iterations-cut",
        300,
        Counts(35, 30, dropped=65, cut=5),
        "shared-iterations",
        vus=5,
        iterations=100,
        max_duration=2.0,
        graceful_stop=0.0,
    ),
    _plan("per-vu-iterations", 100, Counts(200, 200), "per-vu-iterations", vus=10, iterations=20),
    _plan(
        "per-vu-iterations-over",
        300,
        Counts(35, 35, dropped=65),
        "per-vu-iterations",
        vus=5,
        iterations=20,
        max_duration=2.0,
    ),
    _plan(
        "per-vu-iterations-cut",
        300,
        Counts(35, 30, dropped=65, cut=5),
        "per-vu-iterations",
        vus=5,
        iterations=20,
        max_duration=2.0,
        graceful_stop=0.0,
    ),
    _plan("constant-vus", 190, Counts(320, 320), "constant-vus", vus=20, duration=3.0),
    _plan(
        "start-time-graceful-stop",
        300,
        Counts(70, 60, cut=10),
        "constant-vus",
        vus=10,
        duration=2.0,
        start_time=1.0,
        graceful_stop=0.05,
    ),
    _plan(
        "ramping-vus",
        400,
        Counts(129, 129),
        "ramping-vus",
        start_vus=0,
        ramp=_ramp((1, 20), (1.04, 20), (0, 5), (0.56, 5), (0, 15), (1.6, 0)),
    ),
    _plan(
        "ramping-vus-ramp-down-cut",
        350,
        Counts(21, 16, cut=5),
        "ramping-vus",
        start_vus=6,
        ramp=_ramp((1, 6), (0, 1), (1, 1)),
        graceful_ramp_down=0.02,
    ),
    _plan(
        "ramping-vus-wanted-again",
        800,
        Counts(12, 12),
        "ramping-vus",
        start_vus=4,
        ramp=_ramp((1, 4), (0, 1), (0.3, 1), (0, 4), (1, 4)),
        graceful_ramp_down=0.4,
    ),
    _plan(
        "ramping-vus-wanted-too-late",
        800,
        Counts(15, 12, cut=3),
        "ramping-vus",
        start_vus=4,
        ramp=_ramp((1, 4), (0, 1), (0.3, 1), (0, 4), (1, 4)),
        graceful_ramp_down=0.1,
    ),
    _plan(
        "ramping-vus-graceful-stop",
        700,
        Counts(8, 4, cut=4),
        "ramping-vus",
        start_vus=4,
        ramp=_ramp((1, 4), (0, 1), (0.2, 1)),
        graceful_stop=0.1,
    ),
    _plan(
        "ramping-vus-last-to-zero",
        300,
        Counts(13, 13),
        "ramping-vus",
        start_vus=5,
        ramp=_ramp((1.05, 0), (1, 0)),
    ),
    _plan("constant-arrival-rate", 50, Counts(160, 160), "constant-arrival-rate", vus=20, rate=40.0, duration=3.99),
    _plan(
        "constant-arrival-rate-per-minute",
        50,
        Counts(55, 55),
        "constant-arrival-rate",
        vus=10,
        rate=1100 / 60,
        duration=2.97,
    ),
    _plan(
        "constant-arrival-rate-too-few",
        370,
        Counts(50, 50, dropped=50),
        "constant-arrival-rate",
        vus=5,
        rate=25.0,
        duration=3.98,
    ),
    _plan(
        "constant-arrival-rate-more-vus",
        420,
        Counts(40, 40, dropped=20),
        "constant-arrival-rate",
        vus=2,
        max_vus=6,
        rate=20.0,
        duration=2.98,
    ),
    _plan(
        "ramping-arrival-rate",
        50,
        Counts(292, 292),
        "ramping-arrival-rate",
        vus=30,
        start_rate=10.0,
        ramp=_ramp((1.5, 150), (1, 150), (0, 40), (1.02, 5)),
    ),
    _plan(
        "ramping-arrival-rate-fractions",
        50,
        Counts(138, 138),
        "ramping-arrival-rate",
        vus=20,
        start_rate=0.0,
        ramp=_ramp((0.7, 45), (0.33, 100), (0.41, 17), (0, 61), (0.77, 61), (0.9, 0)),
    ),
    _plan(
        "ramping-arrival-rate-pause",
        50,
        Counts(55, 55),
        "ramping-arrival-rate",
        vus=20,
        start_rate=50.0,
        ramp=_ramp((1.01, 0), (1, 0), (0, 30), (1.01, 30)),
    ),
    _plan(
        "ramping-arrival-rate-cut",
        420,
        Counts(24, 20, dropped=16, cut=4),
        "ramping-arrival-rate",
        vus=5,
        start_rate=20.0,
        ramp=_ramp((1, 20), (1.02, 20)),
        graceful_stop=0.1,
    ),
)


def asks(plan: Plan) -> str:
    """What each of its iterations asks the server for."""
    return f"/{plan.name}/{plan.work_ms}"


def apart(plans: Sequence[Plan], by_s: float = 0.2) -> tuple[Plan, ...]:
    """Each a little later than the one before: all users of all plans at one instant would be a storm, and nobody's plan."""
    return tuple(
        replace(plan, after_s=by_s * k, load=replace(plan.load, start_time=plan.load.start_time + by_s * k))
        for k, plan in enumerate(plans)
    )
