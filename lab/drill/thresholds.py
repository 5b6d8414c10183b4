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

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lab.drill.threshold_problems import problems
from lab.drill.threshold_words import EXPRESSION, KEYS, KEYS_OF_K6, METRICS, ON, PERCENTILE, SELECTOR, Kind, pairs
from lab.drill.units import format_duration, parse_duration


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
            window = f"[{format_duration(self.from_s)}{ON}]"
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


def _threshold(selector: str, written: Any) -> Threshold:
    metric, window, tags = _groups(SELECTOR, selector)
    long: dict[str, Any] = {"threshold": written} if isinstance(written, str) else written
    said = {(KEYS | KEYS_OF_K6)[key]: value for key, value in long.items()}
    aggregation, operator, number = _groups(EXPRESSION, said["threshold"])
    percentile = PERCENTILE.fullmatch(aggregation)
    begin = window is not None and window.endswith(ON)
    return Threshold(
        metric=metric,
        tags=pairs(tags),
        window_s=None if window is None or begin else parse_duration(window),
        from_s=parse_duration(window.removesuffix(ON)) if begin else 0.0,
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


def _digits(value: float) -> str:
    """All digits, no exponent, no zeros behind the last one."""
    return format(Decimal(repr(value)).normalize(), "f")
