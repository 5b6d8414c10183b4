"""What the judge says, as frozen data, and its canonical bytes: integers in, six decimals out, keys sorted.

Seconds are since the run's start (t0), durations are differences; no clock, path or host gets in, so the same history
under the same definitions gives identical bytes wherever it is judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = 3


class Ruling(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    INTERRUPTED = "interrupted"
    """Of a whole drill only."""


EXIT = {Ruling.PASS: 0, Ruling.FAIL: 1, Ruling.UNKNOWN: 3, Ruling.INTERRUPTED: 130}


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """One class in one episode. ``requests`` and ``bad`` are of those due from the episode's onset to its end."""

    requests: int
    bad: int
    bad_share: float | None
    bad_seconds: float
    bad_seconds_after_action: float | None
    affected: bool
    visible_s: float | None = None
    recovered_s: float | None = None
    bracket_s: tuple[float, float] | None = None
    resolution_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Span:
    """From one mark to the next that came; negative where the later mark came first (recovered before it was noticed)."""

    begin: str
    end: str
    begin_s: float
    end_s: float
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class EpisodeVerdict:
    """One outage, from its first bad request. None: it did not come to that, or is nothing that this stage measures."""

    caused_by: str
    relapse: bool
    affected: tuple[str, ...]
    injected_s: tuple[float, float]
    onset_s: float
    visible_s: float
    visible_requests: int
    """Requests from the onset that the proof took, in the class that gave it first."""
    visible_class: str
    detected_s: float | None
    detected_by: str | None
    healed_s: tuple[float, float] | None
    acted_s: float | None
    ready_s: float | None
    recovered_s: float | None
    bracket_s: tuple[float, float] | None
    resolution_s: float | None
    censored: bool
    watched_to_s: float
    """Until here nobody saw it recover, if it is censored; else when it had recovered."""
    detect_s: float | None
    recover_s: float | None
    recover_from: str
    """``healed`` or ``injected``: two kinds that are never mixed."""
    detect_to_recover_s: float | None
    act_to_ready_s: float | None
    bad_seconds: float
    bad_seconds_after_action: float | None
    bad_runs: int
    longest_bad_s: float
    longest_good_s: float
    flaps: int
    spans: tuple[Span, ...]
    classes: Mapping[str, ClassFigures]


@dataclass(frozen=True, kw_only=True)
class BaselineFigures:
    begin_s: float
    end_s: float
    requests: int
    bad: int
    p0: float


@dataclass(frozen=True, kw_only=True)
class ProbeFigures:
    """How the instrument did: lag is start − due."""

    requests: int
    late: int
    cut: int
    lag_p50_s: float | None
    lag_p99_s: float | None
    lag_max_s: float | None
    outcomes: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class EvidenceFigures:
    """``landed``: yes, in part, no; None without a fault. ``counters``: how far each moved after the injection."""

    fault: str | None
    done: str
    landed: str | None
    counters: Mapping[str, int]
    counters_before: Mapping[str, int]
    measures: tuple[str, ...]
    actions: tuple[str, ...]
    planned: int
    alpha: float
    baseline: BaselineFigures | None
    probe: ProbeFigures


@dataclass(frozen=True, kw_only=True)
class CostFigures:
    """Requests due in a stretch of time. ``bad`` holds those on reopened connections too, which are neither fresh nor kept."""

    requests: int
    bad: int
    fresh_bad: int
    kept_bad: int


@dataclass(frozen=True, kw_only=True)
class ActionFigures:
    """An action of the responder, and what was due in [begin, until). ``until``: the target was ready, the action was done,
    or (``watched``) neither came.
    """

    action: str
    ok: bool
    begin_s: float
    until_s: float
    until: str
    probe: CostFigures
    users: CostFigures


@dataclass(frozen=True, kw_only=True)
class BudgetFigures:
    """``kept`` is None when there is nothing to hold against the budget."""

    budget: float
    value: float | None
    kept: bool | None


@dataclass(frozen=True, kw_only=True)
class UserFigures:
    """The load's own requests, whole stage. ``bad`` by the probe's bounds. ``recover_s`` counts as the episode's does."""

    requests: int
    bad: int
    cut: int
    outcomes: Mapping[str, int]
    visible_s: float | None = None
    recovered_s: float | None = None
    recover_s: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class LatencyFigures:
    avg_ms: float
    min_ms: float
    med_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, kw_only=True)
class RequestFigures:
    """``statuses``: how often each came; ``unanswered``: by outcome, those that brought none."""

    requests: int
    failed: int
    statuses: Mapping[str, int]
    unanswered: Mapping[str, int]
    service: LatencyFigures | None
    due: LatencyFigures | None


@dataclass(frozen=True, kw_only=True)
class GeneratorFigures:
    """How well the load was made. ``cpu_share``: of one core, by the busiest shard; lag is start − due."""

    shards: int
    cpu_share: float
    late_ms: float
    lag_p50_s: float | None
    lag_p99_s: float | None
    lag_max_s: float | None


@dataclass(frozen=True, kw_only=True)
class LoadFigures:
    """The users of a stage. ``requests``: ended, neither cut nor dropped; ``rate`` per second. See ``lab.judge.load``."""

    begin_s: float
    end_s: float
    requests: int
    rate: float
    failed: int
    slow: int
    dropped: int
    cut: int
    reopened: int
    most_vus: int
    closed: bool
    service: LatencyFigures | None
    connecting: LatencyFigures | None
    due: LatencyFigures | None
    corrected: LatencyFigures | None
    by_request: Mapping[str, RequestFigures]
    checks: Mapping[str, tuple[int, int]]
    """Of a script: how often each held, and did not."""
    script_errors: Mapping[str, int]
    generator: GeneratorFigures


@dataclass(frozen=True, kw_only=True)
class TrendFigures:
    """Where a resource of the target was going. ``kind``: flat, warming up, leaking, declining or too short (to tell).

    Slopes in the resource's unit per hour, with their 95 % interval. See ``lab.judge.trend``.
    """

    resource: str
    kind: str
    slope_per_h: float | None
    low_per_h: float | None
    high_per_h: float | None
    readings: int
    first: float
    last: float
    text: str


@dataclass(frozen=True, kw_only=True)
class ThresholdFigures:
    """``kept`` is None when there was nothing to hold against the threshold.

    ``value``: of the worst window if there are any, which ended at ``at_s`` since t0.
    """

    selector: str
    expression: str
    value: float | None
    kept: bool | None
    at_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class AlarmFigures:
    """The first alarm of a rule. ``lead_s``: from there to the first bad request, negative where the alarm came after it;
    None: it was not raised, or nothing was bad. See ``lab.judge.alarms``.
    """

    alarm: str
    text: str
    raised: int
    """How many times."""
    raised_s: float | None
    lead_s: float | None


@dataclass(frozen=True, kw_only=True)
class StageVerdict:
    stage: str
    verdict: Ruling
    reasons: tuple[str, ...]
    evidence: EvidenceFigures
    budgets: Mapping[str, BudgetFigures]
    users: UserFigures | None
    episodes: tuple[EpisodeVerdict, ...]
    load: LoadFigures | None = None
    trends: tuple[TrendFigures, ...] = ()
    alarms: tuple[AlarmFigures, ...] = ()
    thresholds: tuple[ThresholdFigures, ...] = ()
    acts: tuple[ActionFigures, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InvariantVerdict:
    """``acknowledged``: answered 200. ``in_doubt``: sent and never answered, so either is right."""

    check: str
    verdict: Ruling
    reasons: tuple[str, ...] = ()
    acknowledged: int = 0
    stored: int = 0
    in_doubt: int = 0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    drill: str
    verdict: Ruling
    exit: int
    reasons: tuple[str, ...]
    stages: tuple[StageVerdict, ...]
    invariants: tuple[InvariantVerdict, ...] = ()
    thresholds: tuple[ThresholdFigures, ...] = ()
    """Over the requests of all stages."""
    definitions: int = 1
    schema: int = field(default=SCHEMA)

    def to_json(self) -> str:
        """The canonical text of ``verdict.json``, with a newline at its end."""
        return json.dumps(_rounded(asdict(self)), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return round(value, 6) if isinstance(value, float) else value
