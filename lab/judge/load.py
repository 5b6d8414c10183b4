"""What the users of a stage met: counts by request and status, latencies in k6's sense and from due, how the generator did.

- *service*, *connecting*: what a threshold on ``http_req_duration`` and ``http_req_connecting`` is held against.
- *due*: from the instant at which the request was due. In a closed loop that is when its user was free, so a frozen
  service is met once by each user and then not asked any more: the figures under-report, and say so.
- *corrected* (closed loops only): each latency L that outlasts the median cycle C of a user also stands for the requests
  that the user would have made meanwhile, L − C, L − 2C, … (G. Tene's correction, as in HdrHistogram).

Figures are exact, of all rows and not of a sketch. Each column is asked for where it is used and let go: ten million rows are
summarised in 300 MB, the process itself included [M].
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

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
from lab.nanoseconds import NS_PER_S, NS_PER_US

ELSEWHERE = "other"
"""What a script asked that is none of the target's requests."""
MOST_CORRECTED = 20_000_000
"""Made-up latencies; beyond them the correction says nothing that the longest ones do not."""
CORRECTED_AT_ONCE = 1_000_000
"""Each takes 40 bytes while it is made up, and 4 then."""


def load_figures(
    rows: Rows, load: Load, requests: Sequence[str], events: Sequence[LoadEvent], *, slow_s: float
) -> LoadFigures | None:
    """Of the load's rows of one stage; None where it sent nothing. ``slow_s``: the stage's own limit, from due."""
    if not len(rows):
        return None
    outcome = rows.outcome
    done = rows.where((outcome != Outcome.CUT) & (outcome != Outcome.DROPPED))
    begin_ns, end_ns = _extent_ns(rows)
    return LoadFigures(
        begin_s=seconds(begin_ns),
        end_s=seconds(end_ns),
        requests=len(done),
        rate=len(done) / max(seconds(end_ns - begin_ns), 1e-9),
        failed=int((done.outcome != Outcome.OK).sum()),
        slow=int(((done.outcome == Outcome.OK) & (done.end_us > slow_s * NS_PER_S / NS_PER_US)).sum()),
        dropped=int((outcome == Outcome.DROPPED).sum()),
        cut=int((outcome == Outcome.CUT).sum()),
        reopened=int((done.via == Via.REOPENED).sum()),
        most_vus=load.most_vus,
        closed=load.closed,
        service=latency(samples("http_req_duration", done)),
        connecting=latency(samples("http_req_connecting", done)),
        due=latency(done.end_us),
        corrected=latency(_corrected(done.end_us)) if load.closed else None,
        by_request={_name(i, requests): _of_request(each) for i, each in _by_request(done)},
        checks=added(event.checks for event in events),
        script_errors=dict(sum((Counter(event.script_errors) for event in events), Counter())),
        generator=_generator(done, events),
    )


def _by_request(done: Rows) -> Iterator[tuple[int, Rows]]:
    request = done.request
    return ((i, done.where(request == i)) for i in np.unique(request).tolist())


def _name(index: int, requests: Sequence[str]) -> str:
    return requests[index] if index < len(requests) else ELSEWHERE


def span_s(rows: Rows) -> float:
    """From the first due to the last end."""
    if not len(rows):
        return 0.0
    begin_ns, end_ns = _extent_ns(rows)
    return seconds(end_ns - begin_ns)


def _extent_ns(rows: Rows) -> tuple[int, int]:
    """The first due and the last end; in place, for these are the widest columns."""
    end_us = rows.end_us
    ends_ns = np.where(end_us == NEVER, 0, end_us).astype(np.int64)
    ends_ns *= NS_PER_US
    due_ns = rows.due_ns
    ends_ns += due_ns
    return int(due_ns.min()), int(ends_ns.max())


def _of_request(rows: Rows) -> RequestFigures:
    status = rows.status
    found, counts = np.unique(status[status > 0], return_counts=True)
    statuses = {str(status): int(count) for status, count in zip(found.tolist(), counts.tolist(), strict=True)}
    unanswered = {name: count for name, count in outcomes(rows.where(status == 0)).items() if name != "ok"}
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
    avg = float(ms.mean())
    low, med, p90, p95, p99, high = np.percentile(ms, (0, 50, 90, 95, 99, 100), overwrite_input=True).tolist()
    return LatencyFigures(avg_ms=avg, min_ms=low, med_ms=med, p90_ms=p90, p95_ms=p95, p99_ms=p99, max_ms=high)


def _corrected(due_us: Column) -> Column:
    """See above. The median cycle is that of the requests themselves: users have no think time."""
    if not len(due_us):
        return due_us
    cycle_us = max(1, int(np.median(due_us)))
    long = due_us[due_us > 2 * cycle_us]
    count = int((long // cycle_us - 1).sum(dtype=np.int64))
    if count > MOST_CORRECTED:
        return due_us[:0]
    pieces = np.array_split(long, 1 + count // CORRECTED_AT_ONCE)
    return np.concatenate([due_us, *(_made_up(piece, cycle_us) for piece in pieces)])


def _made_up(long: Column, cycle_us: int) -> Column:
    """L − C, L − 2C, … of each, down to C."""
    missed = long.astype(np.int64) // cycle_us - 1
    owner = np.repeat(np.arange(len(long)), missed)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(missed) - missed, missed) + 1
    return np.asarray((long[owner] - step * cycle_us).astype(np.uint32))


def _generator(done: Rows, events: Sequence[LoadEvent]) -> GeneratorFigures:
    ended = [event for event in events if event.phase == "end"]
    start_us = done.start_us
    lag_us = np.sort(start_us[start_us != NEVER])
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
