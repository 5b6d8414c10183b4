"""How long each phase of a request lasted, by k6's names: one definition, for thresholds and for the figures of a load.

A phase that a request entered and never left lasted until the request's end (refused, given up, reset); one that it never
entered is no sample. A kept connection took 0 to open, as in k6: it is connected from the start, whatever its stamp says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lab.history.model.rows import NEVER, Column, Rows, Via


def took(phase: str, rows: Rows) -> tuple[Column, Column]:
    """µs of each row, and which rows entered the phase: only of them is the number one."""
    begin, end = PHASES[phase](rows)
    # stamps are whole µs, each rounded down by itself: never less than nothing, and never wrapped around
    return np.maximum(begin, end) - begin, np.asarray((begin != NEVER) & (end != NEVER))


def samples(phase: str, rows: Rows) -> Column:
    """µs, of the rows that entered it."""
    us, entered = took(phase, rows)
    return np.asarray(us[entered])


def _or(stamps: Column, otherwise: Column) -> Column:
    return np.where(stamps == NEVER, otherwise, stamps)


def _connected(rows: Rows) -> Column:
    return np.where(rows.via == Via.KEPT, rows.start_us, _or(rows.connected_us, rows.end_us))


PHASES: Mapping[str, Callable[[Rows], tuple[Column, Column]]] = {
    "http_req_duration": lambda rows: (_or(rows.sent_us, rows.start_us), rows.end_us),
    "http_req_waiting": lambda rows: (rows.sent_us, _or(rows.first_byte_us, rows.end_us)),
    "http_req_connecting": lambda rows: (rows.start_us, _connected(rows)),
    "http_req_blocked": lambda rows: (rows.start_us, _or(rows.sent_us, rows.end_us)),
    "http_req_due": lambda rows: (np.zeros_like(rows.end_us), rows.end_us),
    "iteration_duration": lambda rows: (rows.start_us, rows.end_us),
}
"""From which stamp to which."""
