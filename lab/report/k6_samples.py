"""What k6 would have measured of our requests: its metrics, and the phases of a request as its tracer counts them.

Read from k6's source and seen at its output (1.4.0), re-implemented: k6 is AGPL. Where k6 and our definitions differ, k6's
hold here, and only here: a phase that a request never entered is 0 ms and a sample all the same, so that a refused crowd
improves ``http_req_duration``; that metric has neither the wait for a connection nor a late start in it; ``cut`` requests
are not there at all. One request is one iteration of one user, with one check; tags as in ``lab.judge.tags``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from lab.history.model.rows import NEVER, Column, Outcome, Rows, Via

EXPECTED_ONLY = "expected_response:true"
"""The one sub-metric (of ``http_req_duration``) that k6 always makes."""

METRICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "http_reqs": ("counter", "default"),
        "http_req_duration": ("trend", "time"),
        "http_req_blocked": ("trend", "time"),
        "http_req_connecting": ("trend", "time"),
        "http_req_tls_handshaking": ("trend", "time"),
        "http_req_sending": ("trend", "time"),
        "http_req_waiting": ("trend", "time"),
        "http_req_receiving": ("trend", "time"),
        "http_req_failed": ("rate", "default"),
        "checks": ("rate", "default"),
        "iteration_duration": ("trend", "time"),
        "iterations": ("counter", "default"),
        "dropped_iterations": ("counter", "default"),
    }
)
"""(type, contains) of each, in the order in which k6 tells those of one request. What a run does not measure (``vus``,
``data_sent``, …) is left out rather than made up."""

ERRORS: Mapping[int, tuple[int, str]] = MappingProxyType(
    {
        Outcome.CONNECT_REFUSED: (1212, "dial: connection refused"),
        Outcome.RESET: (1220, "read: connection reset by peer"),
        Outcome.CLOSED: (1000, "EOF"),
        Outcome.CONNECT_TIMEOUT: (1211, "dial: i/o timeout"),
        Outcome.TIMEOUT: (1050, "request timeout"),
        Outcome.BAD_BODY: (1000, "unexpected EOF"),
    }
)
"""``error_code`` and ``error`` of the outcomes to which there is no status, or none that k6 would tell."""


def asked(rows: Rows) -> Column:
    """Which rows are a request to k6: it has no ``cut`` ones, and dropped ones are no requests."""
    return np.asarray((rows.outcome != Outcome.CUT) & (rows.outcome != Outcome.DROPPED))


def ok(rows: Rows) -> Column:
    return np.asarray(rows.outcome == Outcome.OK)


def _start(rows: Rows) -> Column:
    start_us = rows.start_us
    return np.where(start_us == NEVER, rows.end_us, start_us)


def _connected(rows: Rows) -> Column:
    return np.where(rows.via == Via.KEPT, _start(rows), rows.connected_us)


def _blocked(rows: Rows) -> Column:
    return _between(_start(rows), _connected(rows))


def _sending(rows: Rows) -> Column:
    return _between(_connected(rows), rows.sent_us)


def _waiting(rows: Rows) -> Column:
    first_us = rows.first_byte_us
    return _between(rows.sent_us, np.where(first_us == NEVER, rows.end_us, first_us))


def _receiving(rows: Rows) -> Column:
    return _between(rows.first_byte_us, rows.end_us)


PHASES: Mapping[str, Callable[[Rows], Column]] = MappingProxyType(
    {
        "http_req_duration": lambda rows: _sending(rows) + _waiting(rows) + _receiving(rows),
        "http_req_blocked": _blocked,
        "http_req_connecting": _blocked,  # our clients wait for nothing but the dial
        "http_req_tls_handshaking": lambda rows: np.zeros(len(rows), np.uint32),
        "http_req_sending": _sending,
        "http_req_waiting": _waiting,
        "http_req_receiving": _receiving,
        "iteration_duration": lambda rows: _between(_start(rows), rows.end_us),
    }
)
"""µs of each trend by its name, for rows that were :func:`asked`; one at a time, for each is 40 MB of ten million rows."""


def _between(begin: Column, end: Column) -> Column:
    """0 where one of them never was; stamps are rounded down each by itself, so never less than 0."""
    return np.where((begin == NEVER) | (end == NEVER), 0, np.maximum(begin, end) - begin).astype(np.uint32)
