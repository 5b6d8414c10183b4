"""Everything that is wrong with a mapping of thresholds, each with what was expected. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lab.drill.problems import Finding
from lab.drill.suggest import nearest, one_of
from lab.drill.threshold_words import (
    AGGREGATIONS,
    ELSEWHERE,
    EXPRESSION,
    KEYS,
    KEYS_OF_K6,
    METRICS,
    NUMBER,
    OF_A_REQUEST,
    ON,
    OPERATORS,
    PERCENTILE,
    SELECTOR,
    SHORTEST_WINDOW_S,
    STATUS,
    TAGS,
    VALUES,
    Kind,
    pairs,
)
from lab.drill.units import format_duration, parse_duration


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
    names = {"scenario": scenarios, "name": requests, "check": OF_A_REQUEST if scripted is False else None}
    known: dict[str, Collection[str]] = {**VALUES, **{tag: each for tag, each in names.items() if each is not None}}
    for selector, expressions in mapping.items():
        yield from _in_selector(selector, known)
        yield from _in_list(selector, expressions)
        if scripted:
            yield from _of_a_script(selector, expressions)


def _in_selector(selector: str, known: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    match = SELECTOR.fullmatch(selector)
    if match is None:
        expected = "METRIC, METRIC[5s], METRIC[4s..] or METRIC{tag:value,tag:value}"
        yield Finding((selector,), f"{selector!r} is no selector", expected)
        return
    metric, window, tags = match.groups()
    if metric not in METRICS:
        yield Finding((selector,), f"unknown metric {metric!r}", one_of(METRICS), nearest(metric, METRICS))
    for what, expected in _in_window(window):
        yield Finding((selector,), what, expected)
    for tag, value in pairs(tags):
        for what, expected, hint in _in_tag(metric, tag, value, known):
            yield Finding((selector,), what, expected, hint)
    for tag, times in Counter(tag for tag, _ in pairs(tags)).items():
        if times > 1:
            yield Finding((selector,), f"tag {tag!r} {times} times", "each tag once")


def _of_a_script(selector: str, expressions: object) -> Iterator[Finding]:
    """Its checks are counted, without their times and requests, and told at the end of the load."""
    match = SELECTOR.fullmatch(selector)
    if match is None or match[1] != "checks":
        return
    if match[2] is not None:
        yield Finding((selector,), "a window of a script's checks", "no window: they have no times")
    for tag, _ in pairs(match[3]):
        if tag in TAGS and tag != "scenario":
            yield Finding((selector,), f"tag {tag!r} of a script's checks", "scenario or check")
    for index, written in enumerate(expressions if isinstance(expressions, list | tuple) else ()):
        for key in ("abort", "abortOnFail"):
            if isinstance(written, dict) and written.get(key) is True:
                yield Finding((selector, index, key), f"{key} by a script's checks", "no abort: they are told at the load's end")


def _in_window(window: str | None) -> Iterator[tuple[str, str]]:
    if window is None:
        return
    begin = window.endswith(ON)
    try:
        seconds = parse_duration(window.removesuffix(ON))
    except ValueError as error:
        what, _, expected = str(error).partition(": expected ")
        yield f"{'begin' if begin else 'window'} {what}", expected
        return
    if not begin and seconds < SHORTEST_WINDOW_S:
        yield f"a window of {window}", f"at least {format_duration(SHORTEST_WINDOW_S)}"


def _in_tag(metric: str, tag: str, value: str, known: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str, str]]:
    allowed = _tags_of(metric)
    if tag not in allowed:
        yield f"unknown tag {tag!r} of {metric}", one_of(allowed), nearest(tag, allowed)
    elif tag == "status":
        if not STATUS.fullmatch(value):
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
    return (*TAGS, "check") if metric == "checks" else TAGS


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
    names = KEYS | KEYS_OF_K6
    for key in written:
        if key not in names:
            yield (str(key),), f"unknown key {key!r} of a threshold", one_of(KEYS), nearest(str(key), names)
        elif key in KEYS_OF_K6 and KEYS_OF_K6[key] in written:
            yield (key,), f"{key} beside {KEYS_OF_K6[key]}", "one of them", ""
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
    match = EXPRESSION.fullmatch(expression)
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
    match = SELECTOR.fullmatch(selector)
    return METRICS.get(match[1]) if match else None


def _in_aggregation(kind: Kind, aggregation: str) -> Iterator[tuple[str, str, str]]:
    percentile = PERCENTILE.fullmatch(aggregation)
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
    meant = f"p({aggregation[1:]})" if re.fullmatch(r"p[0-9]+", aggregation) else ELSEWHERE.get(aggregation)
    return f"did you mean {meant!r}?" if meant else ""


def _in_number(kind: Kind | None, number: str) -> Iterator[tuple[str, str, str]]:
    value = float(number) if NUMBER.fullmatch(number) else math.inf
    if kind == "rate" and value > 1:
        yield f"{number!r} is not a rate", "a share from 0 to 1, such as 0.01 for 1%", ""
    elif math.isinf(value):
        yield f"{number!r} is not a number", f"one without a unit{' (milliseconds)' if kind == 'trend' else ''}, such as 500", ""
