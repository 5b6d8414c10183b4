"""What the users of a stage met: counts by request and status, latencies in k6's sense and from due, how the generator did.

- *service*, *connecting*: what a threshold on ``http_req_duration`` and ``http_req_connecting`` is held against.
- *due*: from the instant at which the request was due. In a closed loop that is when its user was free, so a frozen
  service is met once by each user and then not asked any more: the figures under-report, and say so.
- *corrected* (closed loops only): each latency L that outlasts the median cycle C of a user also stands for the requests
  that the user would have made meanwhile, L − C, L − 2C, … (G. Tene's correction, as in HdrHistogram).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from lab.drill import thresholds
from lab.drill.model import Load, Thresholds
from lab.history.model.events import LoadEvent
from lab.history.model.rows import NEVER, Column, Outcome, Rows, Via
from lab.judge.checked import Scripts, added
from lab.judge.phases import samples
from lab.judge.thresholds import evaluate
from lab.judge.times import seconds
from lab.judge.users import outcomes
from lab.judge.verdict import GeneratorFigures, LatencyFigures, LoadFigures, RequestFigures, ThresholdFigures

ELSEWHERE = "other"
"""What a script asked that is none of the target's requests."""
MOST_CORRECTED = 20_000_000
"""Made-up latencies; beyond them the correction says nothing that the longest ones do not."""


def load_figures(rows: Rows, load: Load, requests: Sequence[str], events: Sequence[LoadEvent]) -> LoadFigures | None:
    """Of the load's rows of one stage; None where it sent nothing."""
    done = rows.where((rows.outcome != Outcome.CUT) & (rows.outcome != Outcome.DROPPED))
    if not len(rows):
        return None
    begin_ns, end_ns = int(rows.due_ns.min()), int((rows.due_ns + _or_zero(rows.end_us) * 1000).max())
    due_us = done.end_us
    return LoadFigures(
        begin_s=seconds(begin_ns),
        end_s=seconds(end_ns),
        requests=len(done),
        rate=len(done) / max(span_s(rows), 1e-9),
        failed=int((done.outcome != Outcome.OK).sum()),
        dropped=int((rows.outcome == Outcome.DROPPED).sum()),
        cut=int((rows.outcome == Outcome.CUT).sum()),
        reopened=int((done.via == Via.REOPENED).sum()),
        most_vus=load.most_vus,
        closed=load.closed,
        service=latency(samples("http_req_duration", done)),
        connecting=latency(samples("http_req_connecting", done)),
        due=latency(due_us),
        corrected=latency(_corrected(due_us)) if load.closed else None,
        by_request={_name(i, requests): _of_request(done.where(done.request == i)) for i in np.unique(done.request).tolist()},
        checks=added(event.checks for event in events),
        script_errors=dict(sum((Counter(event.script_errors) for event in events), Counter())),
        generator=_generator(done, events),
    )


def _name(index: int, requests: Sequence[str]) -> str:
    return requests[index] if index < len(requests) else ELSEWHERE


def span_s(rows: Rows) -> float:
    """From the first due to the last end."""
    if not len(rows):
        return 0.0
    return seconds(int((rows.due_ns + _or_zero(rows.end_us) * 1000).max()) - int(rows.due_ns.min()))


def _or_zero(offsets: Column) -> Column:
    return np.where(offsets == NEVER, 0, offsets).astype(np.int64)


def _of_request(rows: Rows) -> RequestFigures:
    found, counts = np.unique(rows.status[rows.status > 0], return_counts=True)
    statuses = {str(status): int(count) for status, count in zip(found.tolist(), counts.tolist(), strict=True)}
    unanswered = {name: count for name, count in outcomes(rows.where(rows.status == 0)).items() if name != "ok"}
    return RequestFigures(
        requests=len(rows),
        failed=int((rows.outcome != Outcome.OK).sum()),
        statuses=statuses,
        unanswered=unanswered,
        service=latency(samples("http_req_duration", rows)),
        due=latency(rows.end_us),
    )


def latency(us: Column) -> LatencyFigures | None:
    """In ms, percentiles interpolated as k6 does; None without a sample."""
    if not len(us):
        return None
    ms = us / 1000
    low, med, p90, p95, p99, high = np.percentile(ms, (0, 50, 90, 95, 99, 100)).tolist()
    return LatencyFigures(avg_ms=float(ms.mean()), min_ms=low, med_ms=med, p90_ms=p90, p95_ms=p95, p99_ms=p99, max_ms=high)


def _corrected(due_us: Column) -> Column:
    """See above. The median cycle is that of the requests themselves: users have no think time."""
    if not len(due_us):
        return due_us
    cycle_us = max(1, int(np.median(due_us)))
    long = due_us[due_us > 2 * cycle_us].astype(np.int64)
    missed = (long // cycle_us) - 1
    if int(missed.sum()) > MOST_CORRECTED:
        return due_us[:0]
    owner = np.repeat(np.arange(len(long)), missed)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(missed) - missed, missed) + 1
    return np.concatenate([due_us.astype(np.int64), long[owner] - step * cycle_us])


def _generator(done: Rows, events: Sequence[LoadEvent]) -> GeneratorFigures:
    ended = [event for event in events if event.phase == "end"]
    lag_us = np.sort(done.start_us[done.start_us != NEVER])
    p50, p99, most = (_at(lag_us, share) for share in (0.5, 0.99, 1.0))
    return GeneratorFigures(
        shards=len({event.shard for event in ended}),
        cpu_share=max((event.cpu_share for event in ended), default=0.0),
        late_ms=max((event.late_ms for event in ended), default=0.0),
        lag_p50_s=p50,
        lag_p99_s=p99,
        lag_max_s=most,
    )


def _at(sorted_us: Column, share: float) -> float | None:
    """The smallest that ``share`` of the requests did not exceed."""
    return None if not len(sorted_us) else int(sorted_us[math.ceil(share * len(sorted_us)) - 1]) / 1e6


def held(
    written: Thresholds, rows: Rows, stages: Sequence[str], requests: Sequence[str], duration_s: float, scripts: Scripts
) -> tuple[ThresholdFigures, ...]:
    """The thresholds of a stage, or of a drill, over its load's rows and its scripts' checks."""
    return evaluate(
        thresholds.parse_all(written),
        rows,
        scenario_names=stages,
        request_names=requests,
        duration_s=duration_s,
        scripts=scripts,
    )
