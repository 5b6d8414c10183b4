"""Request rows as the lines of k6's ``--out json``, for tools that read those. Pure; see ``k6_samples`` for what they mean.

Like k6: a ``Metric`` line before the first ``Point`` of each metric; the points of one request one after the other, with
its end as their time; requests in the order in which they ended; every tag a string, in the order of the alphabet.
Otherwise than k6: ``url`` is the URL also where ``name`` is a name (k6 overwrites it), and there is one group, the root.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from lab.drill.thresholds import Threshold
from lab.history.model.rows import NEVER, Column, Outcome, Rows
from lab.judge.tags import CHECK, EXPECTED
from lab.nanoseconds import NS_PER_S, NS_PER_US
from lab.report.k6_samples import ERRORS, EXPECTED_ONLY, METRICS, PHASES

_DROPPED = "dropped_iterations"
_OF_A_REQUEST = tuple(name for name in METRICS if name != _DROPPED)
_UNCHECKED = tuple(name for name in _OF_A_REQUEST if name != "checks")
_TRENDS = [name for name, (kind, _) in METRICS.items() if kind == "trend"]
_PIECE = 50_000
"""Rows at a time, so that 10 M of them need no lists of 10 M numbers."""


def lines(
    rows: Rows,
    *,
    scenario_names: Sequence[str],
    request_names: Sequence[str],
    methods: Sequence[str],
    urls: Sequence[str],
    epoch_ns: int,
    scripted: Collection[int] = (),
    thresholds: Sequence[Threshold] = (),
) -> Iterator[bytes]:
    """The lines, each with its end of line. Names, methods and URLs by the rows' indices; ``epoch_ns``: wall clock of t0.
    ``scripted``: scenarios whose script did the checks, of which there are counts and no points. ``thresholds``: told where
    their metric is introduced; those in windows are not k6's.

    A request makes 12 lines, about 2.8 kB: 7 µs of work [M]. Rows with the outcome ``cut`` make none.
    """
    templates = _Templates(scenario_names, request_names, methods, urls, frozenset(scripted))
    seen: set[str] = set()
    judged = [each for each in thresholds if each.window_s is None]
    rows = rows.where(rows.outcome != Outcome.CUT).kept()  # looked at in pieces, in another order
    ends_ns = epoch_ns + rows.due_ns + np.where(rows.end_us == NEVER, 0, rows.end_us).astype(np.int64) * NS_PER_US
    order = np.argsort(ends_ns, kind="stable")
    for first in range(0, len(rows), _PIECE):
        piece = order[first : first + _PIECE]
        for names, told in _told(rows.where(piece), ends_ns[piece], templates):
            if seen.issuperset(names):
                yield from told
            else:
                yield from _introduced(names, told, seen, judged)


def _told(rows: Rows, ends_ns: Column, templates: _Templates) -> Iterator[tuple[Sequence[str], list[bytes]]]:
    """The metrics of each row, and a line for each."""
    kinds = zip(rows.scenario.tolist(), rows.request.tolist(), rows.status.tolist(), rows.outcome.tolist(), strict=True)
    trends_ms = zip(*((PHASES[name](rows) / 1000).tolist() for name in _TRENDS), strict=True)
    for time, kind, ms in zip(_times(ends_ns), kinds, trends_ms, strict=True):
        if kind[-1] == Outcome.DROPPED:
            yield (_DROPPED,), [templates.dropped(kind[0]) % time]
        else:
            names = templates.metrics(kind[0])
            failed_and_checks = (time,) if names is _UNCHECKED else (time, time)
            duration, blocked, connecting, tls, sending, waiting, receiving, iteration = ms
            points = templates.request(*kind) % (
                *(time, time, duration, time, blocked, time, connecting, time, tls, time, sending, time, waiting),
                *(time, receiving, *failed_and_checks, time, iteration, time),
            )
            yield names, points.splitlines(keepends=True)


def _introduced(names: Sequence[str], told: list[bytes], seen: set[str], thresholds: Sequence[Threshold]) -> Iterator[bytes]:
    for name, line in zip(names, told, strict=True):
        if name not in seen:
            seen.add(name)
            yield _metric(name, [each for each in thresholds if each.metric == name])
        yield line


def _metric(name: str, thresholds: Sequence[Threshold]) -> bytes:
    """A threshold with tags is told by its sub-metric alone, as in k6 (seen at 1.5.0)."""
    kind, contains = METRICS[name]
    tagged = sorted({_suffix(each) for each in thresholds if each.tags})
    if name == "http_req_duration" and EXPECTED_ONLY not in tagged:
        tagged.append(EXPECTED_ONLY)
    data = {
        "name": name,
        "type": kind,
        "contains": contains,
        "thresholds": list(dict.fromkeys(each.expression for each in thresholds if not each.tags)),
        "submetrics": [_submetric(name, suffix) for suffix in tagged] or None,
    }
    return json.dumps({"type": "Metric", "data": data, "metric": name}, separators=(",", ":")).encode() + b"\n"


def _suffix(threshold: Threshold) -> str:
    return threshold.selector.partition("{")[2].removesuffix("}")


def _submetric(name: str, suffix: str) -> dict[str, object]:
    tags = (tag.partition(":") for tag in suffix.split(","))
    return {"name": f"{name}{{{suffix}}}", "suffix": suffix, "tags": {tag: value for tag, _, value in tags}}


def _times(ns: Column) -> Iterator[bytes]:
    """RFC 3339 in UTC with nine digits; Go leaves out zeros at the end, which says the same."""
    whole, rest = np.divmod(ns, NS_PER_S)
    texts = {second: f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}".encode() for second in set(whole.tolist())}
    return (b"%b.%09dZ" % (texts[second], digits) for second, digits in zip(whole.tolist(), rest.tolist(), strict=True))


@dataclass(eq=False)
class _Templates:
    """The lines of a request with gaps for times and values. Tags repeat, so each set of them is written out once."""

    scenario_names: Sequence[str]
    request_names: Sequence[str]
    methods: Sequence[str]
    urls: Sequence[str]
    scripted: Collection[int] = frozenset()
    _requests: dict[tuple[int, int, int, int], bytes] = field(default_factory=dict)
    _dropped: dict[int, bytes] = field(default_factory=dict)

    def dropped(self, scenario: int) -> bytes:
        if scenario not in self._dropped:
            self._dropped[scenario] = _point(_DROPPED, {"scenario": self.scenario_names[scenario]}, b"1")
        return self._dropped[scenario]

    def request(self, scenario: int, request: int, status: int, outcome: int) -> bytes:
        kind = (scenario, request, status, outcome)
        if kind not in self._requests:
            self._requests[kind] = b"".join(self._points(*kind))
        return self._requests[kind]

    def metrics(self, scenario: int) -> Sequence[str]:
        """Of a request."""
        return _UNCHECKED if scenario in self.scripted else _OF_A_REQUEST

    def _asked(self, request: int) -> dict[str, str]:
        """What a script asked beside the target's requests has a name only."""
        if request >= len(self.request_names):
            return {"method": "", "name": "other", "url": ""}
        return {"method": self.methods[request], "name": self.request_names[request], "url": self.urls[request]}

    def _points(self, scenario: int, request: int, status: int, outcome: int) -> Iterator[bytes]:
        group = {"group": "", "scenario": self.scenario_names[scenario]}
        answer = group | self._asked(request)
        answer |= _answer_tags(status, outcome)
        fine = outcome == Outcome.OK
        values = {"http_req_failed": b"0" if fine else b"1", "checks": b"1" if fine else b"0"}
        for name in self.metrics(scenario):
            tags = {"check": CHECK, **group} if name == "checks" else answer if name.startswith("http_") else group
            yield _point(name, tags, b"%.3f" if name in _TRENDS else values.get(name, b"1"))


def _answer_tags(status: int, outcome: int) -> dict[str, str]:
    """From 400 on there is an error code too, expected or not, but no error."""
    expected = {"expected_response": "true" if outcome == EXPECTED else "false"}
    if outcome in ERRORS:
        code, error = ERRORS[outcome]
        return {**expected, "status": "0", "error": error, "error_code": str(code)}
    code_of_status = {"error_code": str(1000 + status)} if status >= 400 else {}
    return {**expected, **code_of_status, "status": str(status), "proto": "HTTP/1.1"}


def _point(metric: str, tags: dict[str, str], value: bytes) -> bytes:
    written = json.dumps(dict(sorted(tags.items())), separators=(",", ":")).encode().replace(b"%", b"%%")
    return b'{"metric":"%b","type":"Point","data":{"time":"%%b","value":%b,"tags":%b}}\n' % (metric.encode(), value, written)
