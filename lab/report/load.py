"""What is said of a load test: checks, counters by status, latencies, the generator, thresholds; and a table of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lab.drill.model import Request
from lab.history.model.rows import Outcome
from lab.history.model.unexpected import Unexpected
from lab.judge.verdict import (
    GeneratorFigures,
    LatencyFigures,
    LoadFigures,
    RequestFigures,
    StageVerdict,
    ThresholdFigures,
    TrendFigures,
    Verdict,
)
from lab.nanoseconds import NS_PER_S
from lab.report.line import ReportLine
from lab.report.quantities import NOTHING, count, duration, duration_or_nothing, printable, several, share
from lab.report.table import aligned

SHOWN_OF_BODY = 200


def load_lines(
    verdict: StageVerdict, requests: Mapping[str, Request], unexpected: Sequence[Unexpected] = (), *, scripted: bool = False
) -> tuple[ReportLine, ...]:
    """Of one stage; nothing where it sent nothing and asks for nothing. ``unexpected``: of this stage."""
    load = verdict.load
    lines = list(_lines(load, requests, scripted)) if load else []
    lines += list(_trends(verdict.trends))
    if load is not None:
        lines += [ReportLine("unexpected", (line,)) for line in _unexpected(load, list(requests), unexpected)]
    return tuple(line for line in (*lines, ReportLine("thresholds", tuple(map(_threshold, verdict.thresholds)))) if line.says)


RESOURCES = {
    "rss_bytes": "RSS",
    "threads": "threads",
    "fds": "descriptors",
    "connections": "connections",
    "jvm_live_bytes": "live heap",
    "jvm_old_used_bytes": "old heap",
    "jvm_heap_used_bytes": "heap",
    "jvm_nonheap_used_bytes": "non-heap",
    "gc_share": "GC share",
}


def _trends(trends: Sequence[TrendFigures]) -> Iterator[ReportLine]:
    """A line for each resource, or one for all where the run says nothing of any."""
    if trends and all(each.kind == "too short" for each in trends):
        yield ReportLine("trends", (f"too short to tell for all of {', '.join(RESOURCES[each.resource] for each in trends)}",))
        return
    for index, each in enumerate(trends):
        yield ReportLine("trends" if index == 0 else "", (f"{RESOURCES[each.resource]}: {each.text}",))


def _unexpected(load: LoadFigures, requests: Sequence[str], found: Sequence[Unexpected]) -> Iterator[str]:
    """A line for each kind: ``order 500 ×42, the first at 12.300 s by VU 17: {"error": "database is locked"}``."""
    told: set[tuple[str, str]] = set()
    for each in found:
        outcome = Outcome(each.outcome).name.lower()
        name = requests[each.request] if each.request < len(requests) else str(each.request)
        if (kind := (name, str(each.status or outcome))) in told:
            continue
        told.add(kind)
        figures = load.by_request.get(name)
        counts = {**figures.unanswered, **figures.statuses} if figures else {}
        said = printable(" ".join(each.body.split()))[:SHOWN_OF_BODY]
        first = f"the first at {each.t_ns / NS_PER_S:.3f} s by VU {each.vu}" + (f": {said}" if said else "")
        yield f"{name} {kind[1].replace('_', ' ')} ×{count(counts.get(kind[1], 1))}, {first}"


def _lines(load: LoadFigures, requests: Mapping[str, Request], scripted: bool) -> Iterator[ReportLine]:
    yield ReportLine("requests", tuple(_requests(load)))
    yield ReportLine("checks", tuple(_of_script(load) if scripted else _checks(load, requests)))
    for check, (held, not_held) in load.checks.items():
        yield ReportLine("", (f"{'✓' if not not_held else '✗'} {printable(check)}: {count(held)} of {count(held + not_held)}",))
    for name, figures in load.by_request.items():
        yield ReportLine(name, tuple(_counters(name, figures, _expected(name, requests))))
    yield ReportLine("latency", (*_latency(load.service), "from the send, as k6 has it"))
    yield ReportLine("connecting", (*_latency(load.connecting), "0 on a kept connection, as k6 has it"))
    yield ReportLine("from due", (*_latency(load.due), *_closed(load)))
    if load.corrected is not None and load.corrected != load.due:
        yield ReportLine("corrected", (*_latency(load.corrected), "for what waiting users did not ask"))
    yield ReportLine("generator", tuple(_generator(load.generator)))


def _requests(load: LoadFigures) -> Iterator[str]:
    yield f"{count(load.requests)} in {duration(load.end_s - load.begin_s)}, {load.rate:,.0f}/s"
    yield f"{count(load.failed)} failed"
    for number, what in (
        (load.slow, "slow"),
        (load.dropped, "dropped"),
        (load.cut, "cut at the end"),
        (load.reopened, "connections reopened"),
    ):
        if number:
            yield f"{count(number)} {what}"


def _checks(load: LoadFigures, requests: Mapping[str, Request]) -> Iterator[str]:
    good = load.requests - load.failed
    expected = sorted({status for name in load.by_request for status in _expected(name, requests)})
    if load.requests:
        yield f"{share(good / load.requests)} · {count(good)} of {count(load.requests)} have the status {_or(expected)}"


def _of_script(load: LoadFigures) -> Iterator[str]:
    """In place of each request's status, as in thresholds and summaries; nothing where the script checks nothing."""
    held, all_of_them = sum(held for held, _ in load.checks.values()), sum(map(sum, load.checks.values()))
    if all_of_them:
        yield f"{share(held / all_of_them)} · {count(held)} of {count(all_of_them)} of the script's held"


def _expected(name: str, requests: Mapping[str, Request]) -> tuple[int, ...]:
    """Of what a script asked beside the target's requests, the script itself said what it expects."""
    return requests[name].expect if name in requests else ()


def _or(statuses: list[int]) -> str:
    return " or ".join(map(str, statuses))


def _counters(name: str, figures: RequestFigures, expected: tuple[int, ...]) -> Iterator[str]:
    """``coupon_200 57``, ``coupon_400 243``, ``coupon_other 2 (500 ×1, reset ×1)``."""
    for status in expected:
        yield f"{name}_{status} {count(figures.statuses.get(str(status), 0))}"
    others = {status: n for status, n in figures.statuses.items() if int(status) not in expected} | dict(figures.unanswered)
    told = ", ".join(f"{what.replace('_', ' ')} ×{count(n)}" for what, n in others.items())
    yield f"{name}_other {count(sum(others.values()))}" + (f" ({told})" if told else "")


def _latency(figures: LatencyFigures | None) -> Iterator[str]:
    if figures is None:
        return
    names = {"avg": figures.avg_ms, "med": figures.med_ms, "p90": figures.p90_ms, "p95": figures.p95_ms, "p99": figures.p99_ms}
    for name, ms in {**names, "max": figures.max_ms}.items():
        yield f"{name} {duration(ms / 1000)}"


def _closed(load: LoadFigures) -> Iterator[str]:
    if load.closed:
        yield "users wait for answers: a slow service is asked less, so this under-reports"


def _generator(figures: GeneratorFigures) -> Iterator[str]:
    if figures.shards > 1:
        yield several(figures.shards, "shard")
    yield f"started {duration(figures.late_ms / 1000)} late"
    yield f"CPU {share(figures.cpu_share)} of a core"
    p50, p99, most = (duration_or_nothing(lag_s) for lag_s in (figures.lag_p50_s, figures.lag_p99_s, figures.lag_max_s))
    yield f"lag p50 {p50}, p99 {p99}, max {most}"


def _threshold(figures: ThresholdFigures) -> str:
    mark = {True: "✓ kept", False: "✗ missed", None: "– nothing to hold against"}[figures.kept]
    value = "" if figures.value is None else f" = {round(figures.value, 4):g}"
    when = f" in the window to {figures.at_s:g} s" if figures.at_s is not None else ""
    return f"{mark}: {figures.selector} {figures.expression}{value}{when}"


def thresholds_line(verdict: Verdict) -> tuple[str, ...]:
    """Of the whole drill."""
    return tuple(map(_threshold, verdict.thresholds))


def stages_table(verdict: Verdict) -> list[str]:
    """A row for each load test; nothing when there is only one."""
    tests = [(stage, stage.load) for stage in verdict.stages if stage.load is not None]
    if len(tests) < 2:
        return []
    rows: list[tuple[str, ...]] = [
        ("stage", "verdict", "requests", "per s", "failed", "p50", "p95", "p99", "max", "p95 from due")
    ]
    for stage, load in tests:
        known = load.service
        times = (known.med_ms, known.p95_ms, known.p99_ms, known.max_ms) if known else ()
        cells = [duration(ms / 1000) for ms in times] or [NOTHING] * 4
        due = duration(load.due.p95_ms / 1000) if load.due else NOTHING
        rows.append(
            (stage.stage, stage.verdict.upper(), count(load.requests), f"{load.rate:,.0f}", count(load.failed), *cells, due)
        )
    return list(aligned(rows))
