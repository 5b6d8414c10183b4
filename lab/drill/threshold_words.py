"""The words of a threshold: metrics, aggregations, tags and keys, and the forms in which they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

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

TAGS = ("scenario", "name", "status", "expected_response", "outcome")
VALUES: Mapping[str, tuple[str, ...]] = {"expected_response": ("true", "false"), "outcome": OUTCOMES}
OF_A_REQUEST = ("status",)
"""Its checks; a script has its own, by any name."""
KEYS = {"threshold": "threshold", "abort": "abort", "delay_abort": "delay_abort"}
KEYS_OF_K6 = {"abortOnFail": "abort", "delayAbortEval": "delay_abort"}
ELSEWHERE = {"mean": "avg", "average": "avg", "median": "med"}
SHORTEST_WINDOW_S = 1.0
"""Windows slide by one second, so a shorter one would leave out what is due between two of them."""

ON = ".."
"""Behind a time: from then on."""

SELECTOR = re.compile(r"\s*([^\s\[\]{}]*)\s*(?:\[([^\[\]{}]*)\])?\s*(?:\{([^{}]*)\})?\s*")
EXPRESSION = re.compile(r"\s*([^<>=!]*?)\s*([<>=!]+)\s*(.*?)\s*")
PERCENTILE = re.compile(r"p\(([0-9]+(?:\.[0-9]+)?)\)")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
STATUS = re.compile(r"0|[1-9][0-9]{2}")


def pairs(text: str | None) -> tuple[tuple[str, str], ...]:
    """``scenario:a, name:"b:c"`` → pairs, without blanks and quotation marks around them; only the first colon splits."""
    parts = [] if text is None else [each.partition(":") for each in text.split(",")]
    return tuple((tag.strip(" \t\"'"), value.strip(" \t\"'")) for tag, _, value in parts)
