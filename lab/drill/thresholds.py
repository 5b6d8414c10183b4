"""Thresholds in k6's words: what a metric of the requests must keep. Text in, frozen data out, every mistake at once.

    http_req_duration{scenario:peak}: [p(95)<500, p(99.9)<1500]   # trends are in milliseconds
    http_req_failed: [rate<0.01]
    error_rate[5s]: ["< 0.01"]                                    # in every whole window of 5 s, by due time
    http_req_due[4s..]: [p(95)<500]                               # of what is due 4 s after the first request or later
    http_reqs: [{threshold: count>1000, abort: true, delay_abort: 10s}]

The syntax is k6's (https://grafana.com/docs/k6/latest/using-k6/thresholds/), with two additions of ours, a window and a
begin. Some of what k6 takes is a mistake here (``rate<5``, a scenario that is none): a threshold that can judge nothing
must not look as if it were kept.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from lab.drill.problems import Finding
from lab.drill.suggest import nearest, one_of
from lab.drill.units import format_duration, parse_duration

Kind = Literal["trend", "rate", "counter"]
METRICS: Mapping[str, Kind] = {
    "http_req_duration": "trend",
    "http_req_waiting": "trend",
    "http_req_connecting": "trend",
    "http_req_blocked": "trend",
    "http_req_due": "trend",
    "iteration_duration": "trend",
    "http_req_failed": "rate",
    "error_rate": "rate",
    "checks": "rate",
    "http_reqs": "counter",
    "iterations": "counter",
    "dropped_iterations": "counter",
    "reopened": "counter",
}
AGGREGATIONS: Mapping[Kind, tuple[str, ...]] = {
    "trend": ("avg", "min", "max", "med", "p(N)"),
    "rate": ("rate",),
    "counter": ("count", "rate"),
}
OPERATORS = ("<", "<=", ">", ">=", "==", "===", "!=")
OUTCOMES = (
    "ok",
    "connect_refused",
    "reset",
    "closed",
    "connect_timeout",
    "timeout",
    "bad_status",
    "bad_body",
    "shed",
)
"""Of ``lab.history.model.rows.Outcome``, which this layer does not know, those that count in a metric with this tag."""

_TAGS = ("scenario", "name", "status", "expected_response", "outcome")
_VALUES: Mapping[str, tuple[str, ...]] = {"expected_response": ("true", "false"), "outcome": OUTCOMES}
_OF_A_REQUEST = ("status",)
"""Its checks; a script has its own, by any name."""
_KEYS = {"threshold": "threshold", "abort": "abort", "delay_abort": "delay_abort"}
_KEYS_OF_K6 = {"abortOnFail": "abort", "delayAbortEval": "delay_abort"}
_ELSEWHERE = {"mean": "avg", "average": "avg", "median": "med"}
_SHORTEST_WINDOW_S = 1.0
"""Windows slide by one second, so a shorter one would leave out what is due between two of them."""

_ON = ".."
"""Behind a time: from then on."""

_SELECTOR = re.compile(r"\s*([^\s\[\]{}]*)\s*(?:\[([^\[\]{}]*)\])?\s*(?:\{([^{}]*)\})?\s*")
_EXPRESSION = re.compile(r"\s*([^<>=!]*?)\s*([<>=!]+)\s*(.*?)\s*")
_PERCENTILE = re.compile(r"p\(([0-9]+(?:\.[0-9]+)?)\)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_STATUS = re.compile(r"0|[1-9][0-9]{2}")


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """One expression about one metric. ``value`` is in ms for a trend, 0 to 1 for a rate, per second for a counter's rate.

    ``from_s``: of what is due so long after the first request, or later; not beside ``window_s``.
    ``aggregation`` is ``p`` for a percentile, whose N is in ``percentile``. ``delay_abort_s``: since the start, until
    then it does not abort; it is judged in any case.
    """

    metric: str
    tags: tuple[tuple[str, str], ...] = ()
    window_s: float | None = None
    from_s: float = 0.0
    aggregation: str
    percentile: float | None = None
    operator: str
    value: float
    abort: bool = False
    delay_abort_s: float = 0.0

    @property
    def kind(self) -> Kind:
        return METRICS[self.metric]

    @property
    def selector(self) -> str:
        """``http_req_duration[5s]{scenario:x}``, ``http_req_due[4s..]``"""
        window = "" if self.window_s is None else f"[{format_duration(self.window_s)}]"
        if self.from_s:
            window = f"[{format_duration(self.from_s)}{_ON}]"
        tags = ",".join(f"{tag}:{value}" for tag, value in self.tags)
        return f"{self.metric}{window}" + (f"{{{tags}}}" if tags else "")

    @property
    def expression(self) -> str:
        """``p(95)<500``"""
        which = "" if self.percentile is None else f"({_digits(self.percentile)})"
        return f"{self.aggregation}{which}{self.operator}{_digits(self.value)}"

    @property
    def text(self) -> str:
        """For people: ``http_req_duration{scenario:x} p(95)<500``."""
        return f"{self.selector} {self.expression}"


def parse(selector: str, expressions: object) -> list[Threshold]:
    """One entry of the mapping. Raises ValueError, ``WHAT: expected WHAT``, for the first thing that is wrong with it."""
    for finding in problems({selector: expressions}):
        hint = f" ({finding.hint})" if finding.hint else ""
        raise ValueError(f"{finding.what}{hint}: expected {finding.expected}")
    assert isinstance(expressions, list | tuple)
    return [_threshold(selector, each) for each in expressions]


def parse_all(mapping: Mapping[str, Any]) -> tuple[Threshold, ...]:
    """The whole mapping, in its order. Raises ValueError as :func:`parse` does."""
    return tuple(each for selector, expressions in mapping.items() for each in parse(selector, expressions))


def problems(
    mapping: Mapping[str, Any],
    *,
    scenarios: Collection[str] | None = None,
    requests: Collection[str] | None = None,
    scripted: bool | None = None,
) -> Iterator[Finding]:
    """Everything that is wrong with a mapping; paths begin at it (``("http_reqs", 0, "abort")``).

    ``scenarios``, ``requests``: the names that the tags ``scenario`` and ``name`` can have; None: any. ``scripted``: whether
    a script does the checks; None: it may.
    """
    names = {"scenario": scenarios, "name": requests, "check": _OF_A_REQUEST if scripted is False else None}
    known: dict[str, Collection[str]] = {**_VALUES, **{tag: each for tag, each in names.items() if each is not None}}
    for selector, expressions in mapping.items():
        yield from _in_selector(selector, known)
        yield from _in_list(selector, expressions)
        if scripted:
            yield from _of_a_script(selector, expressions)


# What is wrong ------------------------------------------------------------------------------------------------------


def _in_selector(selector: str, known: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    match = _SELECTOR.fullmatch(selector)
    if match is None:
        expected = "METRIC, METRIC[5s], METRIC[4s..] or METRIC{tag:value,tag:value}"
        yield Finding((selector,), f"{selector!r} is no selector", expected)
        return
    metric, window, tags = match.groups()
    if metric not in METRICS:
        yield Finding((selector,), f"unknown metric {metric!r}", one_of(METRICS), nearest(metric, METRICS))
    for what, expected in _in_window(window):
        yield Finding((selector,), what, expected)
    for tag, value in _pairs(tags):
        for what, expected, hint in _in_tag(metric, tag, value, known):
            yield Finding((selector,), what, expected, hint)
    for tag, times in Counter(tag for tag, _ in _pairs(tags)).items():
        if times > 1:
            yield Finding((selector,), f"tag {tag!r} {times} times", "each tag once")


def _of_a_script(selector: str, expressions: object) -> Iterator[Finding]:
    """Its checks are counted, without their times and requests, and told at the end of the load."""
    match = _SELECTOR.fullmatch(selector)
    if match is None or match[1] != "checks":
        return
    if match[2] is not None:
        yield Finding((selector,), "a window of a script's checks", "no window: they have no times")
    for tag, _ in _pairs(match[3]):
        if tag in _TAGS and tag != "scenario":
            yield Finding((selector,), f"tag {tag!r} of a script's checks", "scenario or check")
    for index, written in enumerate(expressions if isinstance(expressions, list | tuple) else ()):
        for key in ("abort", "abortOnFail"):
            if isinstance(written, dict) and written.get(key) is True:
                yield Finding((selector, index, key), f"{key} by a script's checks", "no abort: they are told at the load's end")


def _in_window(window: str | None) -> Iterator[tuple[str, str]]:
    if window is None:
        return
    begin = window.endswith(_ON)
    try:
        seconds = parse_duration(window.removesuffix(_ON))
    except ValueError as error:
        what, _, expected = str(error).partition(": expected ")
        yield f"{'begin' if begin else 'window'} {what}", expected
        return
    if not begin and seconds < _SHORTEST_WINDOW_S:
        yield f"a window of {window}", f"at least {format_duration(_SHORTEST_WINDOW_S)}"


def _in_tag(metric: str, tag: str, value: str, known: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str, str]]:
    allowed = _tags_of(metric)
    if tag not in allowed:
        yield f"unknown tag {tag!r} of {metric}", one_of(allowed), nearest(tag, allowed)
    elif tag == "status":
        if not _STATUS.fullmatch(value):
            yield f"status {value!r}", "a status such as 200, or 0 for no answer", ""
    elif tag in known:
        if value not in known[tag]:
            yield f"unknown {tag} {value!r}", one_of(known[tag]), nearest(value, known[tag])
    elif not value:
        yield f"tag {tag!r} without a value", f"{tag}:VALUE", ""


def _tags_of(metric: str) -> tuple[str, ...]:
    """What was dropped has no answer, and nobody chose yet what it would have asked."""
    if metric == "dropped_iterations":
        return ("scenario",)
    return (*_TAGS, "check") if metric == "checks" else _TAGS


def _in_list(selector: str, expressions: object) -> Iterator[Finding]:
    if not isinstance(expressions, list | tuple) or not expressions:
        shown = "no expression" if expressions in ([], (), None) else repr(expressions)
        yield Finding((selector,), f"{shown} for {selector}", "a list of expressions, such as [p(95)<500]")
        return
    for index, written in enumerate(expressions):
        for path, what, expected, hint in _in_written(selector, written):
            yield Finding((selector, index, *path), what, expected, hint)


_Wrong = tuple[tuple[str, ...], str, str, str]
"""Path inside the expression, what, expected, hint."""


def _in_written(selector: str, written: object) -> Iterator[_Wrong]:
    """An expression, or a mapping that has one and says whether it aborts the run."""
    if isinstance(written, str):
        yield from (((), *wrong) for wrong in _in_expression(selector, written))
    elif isinstance(written, dict):
        yield from _in_long_form(selector, written)
    else:
        yield (), f"{written!r} is no threshold", "an expression such as p(95)<500, or {threshold: …, abort: true}", ""


def _in_long_form(selector: str, written: dict[Any, Any]) -> Iterator[_Wrong]:
    names = _KEYS | _KEYS_OF_K6
    for key in written:
        if key not in names:
            yield (str(key),), f"unknown key {key!r} of a threshold", one_of(_KEYS), nearest(str(key), names)
        elif key in _KEYS_OF_K6 and _KEYS_OF_K6[key] in written:
            yield (key,), f"{key} beside {_KEYS_OF_K6[key]}", "one of them", ""
        else:
            yield from (((key,), *wrong) for wrong in _in_key(selector, names[key], written[key]))
    if "threshold" not in written:
        yield (), "threshold is missing", "{threshold: an expression, abort: true or false}", ""


def _in_key(selector: str, key: str, value: object) -> Iterator[tuple[str, str, str]]:
    if key == "threshold":
        if isinstance(value, str):
            yield from _in_expression(selector, value)
        else:
            yield f"{value!r} is no expression", "one such as p(95)<500", ""
    elif key == "abort" and not isinstance(value, bool):
        yield f"abort is {value!r}", "true or false", ""
    elif key == "delay_abort":
        try:
            parse_duration(value)
        except ValueError as error:
            what, _, expected = str(error).partition(": expected ")
            yield what, expected, ""


def _in_expression(selector: str, expression: str) -> Iterator[tuple[str, str, str]]:
    """``selector`` may be wrong itself; then only what does not depend on the metric is looked at."""
    kind = _kind_of(selector)
    match = _EXPRESSION.fullmatch(expression)
    if match is None:
        yield f"{expression!r} compares nothing", f"AGGREGATION OPERATOR NUMBER, the operator {one_of(OPERATORS)}", ""
        return
    aggregation, operator, number = match.groups()
    if kind is not None and not (kind == "rate" and not aggregation):
        yield from _in_aggregation(kind, aggregation)
    if operator not in OPERATORS:
        yield f"unknown operator {operator!r} in {expression!r}", one_of(OPERATORS), ""
    yield from _in_number(kind, number)


def _kind_of(selector: str) -> Kind | None:
    match = _SELECTOR.fullmatch(selector)
    return METRICS.get(match[1]) if match else None


def _in_aggregation(kind: Kind, aggregation: str) -> Iterator[tuple[str, str, str]]:
    percentile = _PERCENTILE.fullmatch(aggregation)
    if kind == "trend" and percentile:
        if float(percentile[1]) > 100:
            yield f"percentile {aggregation}", "p(0) to p(100)", ""
    elif aggregation not in AGGREGATIONS[kind] or aggregation == "p(N)":
        what = f"aggregation {aggregation!r} of a {kind}" if aggregation else f"no aggregation of a {kind}"
        yield what, one_of(AGGREGATIONS[kind]), _meant(kind, aggregation)


def _meant(kind: Kind, aggregation: str) -> str:
    """How others write it. Not the nearest name: that of ``median`` is ``min``."""
    if kind != "trend":
        return ""
    meant = f"p({aggregation[1:]})" if re.fullmatch(r"p[0-9]+", aggregation) else _ELSEWHERE.get(aggregation)
    return f"did you mean {meant!r}?" if meant else ""


def _in_number(kind: Kind | None, number: str) -> Iterator[tuple[str, str, str]]:
    value = float(number) if _NUMBER.fullmatch(number) else math.inf
    if kind == "rate" and value > 1:
        yield f"{number!r} is not a rate", "a share from 0 to 1, such as 0.01 for 1%", ""
    elif math.isinf(value):
        yield f"{number!r} is not a number", f"one without a unit{' (milliseconds)' if kind == 'trend' else ''}, such as 500", ""


# What it says, once nothing is wrong --------------------------------------------------------------------------------


def _threshold(selector: str, written: Any) -> Threshold:
    metric, window, tags = _groups(_SELECTOR, selector)
    long: dict[str, Any] = {"threshold": written} if isinstance(written, str) else written
    said = {(_KEYS | _KEYS_OF_K6)[key]: value for key, value in long.items()}
    aggregation, operator, number = _groups(_EXPRESSION, said["threshold"])
    percentile = _PERCENTILE.fullmatch(aggregation)
    begin = window is not None and window.endswith(_ON)
    return Threshold(
        metric=metric,
        tags=_pairs(tags),
        window_s=None if window is None or begin else parse_duration(window),
        from_s=parse_duration(window.removesuffix(_ON)) if begin else 0.0,
        aggregation="p" if percentile else aggregation or "rate",
        percentile=float(percentile[1]) if percentile else None,
        operator=operator,
        value=float(number),
        abort=said.get("abort", False),
        delay_abort_s=parse_duration(said.get("delay_abort", "0s")),
    )


def _groups(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = pattern.fullmatch(text)
    assert match is not None
    return match.groups()


def _pairs(text: str | None) -> tuple[tuple[str, str], ...]:
    """``scenario:a, name:"b:c"`` → pairs, without blanks and quotation marks around them; only the first colon splits."""
    parts = [] if text is None else [each.partition(":") for each in text.split(",")]
    return tuple((tag.strip(" \t\"'"), value.strip(" \t\"'")) for tag, _, value in parts)


def _digits(value: float) -> str:
    """All digits, no exponent, no zeros behind the last one."""
    return format(Decimal(repr(value)).normalize(), "f")
