"""What a request was worth, and the instant at which that was known: computed from the row, not from when it was written.

*bad*: not ok; or a new connection not up by ``due + connect``; or ``end − due > slow``. *Known* at the earliest of its
end, ``due + connect`` if not connected by then, and ``due + slow``. A kept connection is connected from the start.
*late*: started over 50 ms after it was due, or in flight (until it was known) during a stall of the probe over 50 ms:
the instrument's fault, so it is left out of every judgement whatever its outcome. Never started, never dropped: late.
``dropped`` (no free slot) is bad: an open-model request that the service left no room to send did fail its user.
``cut`` (in flight when the run ended) is in no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lab.drill.model import Probe
from lab.history.model.rows import NEVER, Column, Outcome, Row, Rows, Via
from lab.nanoseconds import NS_PER_US

LATE_US = 50_000
LATE_NS = LATE_US * NS_PER_US

ALL, FRESH, KEPT = "all", "fresh", "kept"
CLASSES: Mapping[str, frozenset[int]] = {
    ALL: frozenset(Via),
    FRESH: frozenset({Via.FRESH}),
    KEPT: frozenset({Via.KEPT}),
}


def classes_of(via: int) -> tuple[str, ...]:
    """The classes that a request counts in; a kept connection that had to be reopened only in *all*."""
    return tuple(name for name, vias in CLASSES.items() if via in vias)


class Sight(NamedTuple):
    """A punctual request as the folds see it. Tuples sort in the order in which requests became known."""

    known_ns: int
    due_ns: int
    via: int
    bad: bool


@dataclass(frozen=True)
class Bounds:
    """How long a request may take, in µs since it was due."""

    connect_us: int
    slow_us: int

    @classmethod
    def of(cls, probe: Probe) -> Bounds:
        return cls(round(probe.connect * 1e6), round(probe.slow * 1e6))


@dataclass(frozen=True)
class Stall:
    """The probe's loop stood still; both ends in ns since t0."""

    begin_ns: int
    end_ns: int

    @property
    def counts(self) -> bool:
        return self.end_ns - self.begin_ns > LATE_NS


def sight(row: Row, bounds: Bounds) -> Sight:
    """One row, as the live fold gets it. Not for rows that were cut."""
    unconnected = row.via != Via.KEPT and row.connected_us > bounds.connect_us
    bad = row.outcome != Outcome.OK or unconnected or row.end_us > bounds.slow_us
    known_us = min(row.end_us, bounds.slow_us, bounds.connect_us if unconnected else NEVER)
    return Sight(row.due_ns + known_us * NS_PER_US, row.due_ns, int(row.via), bad)


def started_us(row: Row) -> int:
    """When it was sent on its way, or, if there was no slot for it, when that was found out."""
    return row.end_us if row.outcome == Outcome.DROPPED else row.start_us


def is_late(row: Row, seen: Sight, stalls: Iterable[Stall]) -> bool:
    """The instrument was not on time for this row; ``stalls`` as far as they are known."""
    start_us = started_us(row)
    if start_us > LATE_US:
        return True
    start_ns = row.due_ns + start_us * NS_PER_US
    return any(stall.counts and start_ns <= stall.end_ns and seen.known_ns >= stall.begin_ns for stall in stalls)


@dataclass(frozen=True, eq=False)
class Seen:
    """Many rows judged at once, column by column; rows that were cut are only counted. In order of due time."""

    rows: Rows
    known_ns: Column
    bad: Column
    late: Column
    cut: int = 0
    cut_due_ns: int | None = None
    """When the earliest request was due whose end nobody saw."""

    def where(self, mask: Column) -> Seen:
        return Seen(self.rows.where(mask), self.known_ns[mask], self.bad[mask], self.late[mask], self.cut, self.cut_due_ns)

    @property
    def punctual(self) -> Seen:
        return self.where(~self.late)

    def of_class(self, name: str) -> Seen:
        return self.where(np.isin(self.rows.via, [int(via) for via in CLASSES[name]]))

    def due_in(self, begin_ns: int, end_ns: int) -> Seen:
        """Those due in [begin, end)."""
        return self.where((self.rows.due_ns >= begin_ns) & (self.rows.due_ns < end_ns))

    def sights(self) -> list[Sight]:
        """The punctual ones, in known order."""
        on_time = self.punctual
        columns = (on_time.known_ns, on_time.rows.due_ns, on_time.rows.via, on_time.bad)
        return sorted(map(Sight._make, zip(*(column.tolist() for column in columns), strict=True)))

    def __len__(self) -> int:
        return len(self.rows)


def see(rows: Rows, bounds: Bounds, stalls: Sequence[Stall] = ()) -> Seen:
    """Judge every row; the same rules as :func:`sight` and :func:`is_late`, without a loop."""
    cut = rows.outcome == Outcome.CUT
    cut_due = rows.due_ns[cut]
    whole = rows.where(~cut)
    whole = whole.where(np.argsort(whole.due_ns, kind="stable"))
    unconnected = (whole.via != Via.KEPT) & (whole.connected_us > bounds.connect_us)
    known_us = np.minimum(whole.end_us, bounds.slow_us).astype(np.int64)
    known_us = np.where(unconnected, np.minimum(known_us, bounds.connect_us), known_us)
    known_ns = whole.due_ns + known_us * NS_PER_US
    return Seen(
        rows=whole,
        known_ns=known_ns,
        bad=(whole.outcome != Outcome.OK) | unconnected | (whole.end_us > bounds.slow_us),
        late=_late(whole, known_ns, stalls),
        cut=len(cut_due),
        cut_due_ns=int(cut_due.min()) if len(cut_due) else None,
    )


def _late(rows: Rows, known_ns: Column, stalls: Sequence[Stall]) -> Column:
    start_us = np.where(rows.outcome == Outcome.DROPPED, rows.end_us, rows.start_us).astype(np.int64)
    start_ns = rows.due_ns + start_us * NS_PER_US
    late: Column = start_us > LATE_US
    for stall in stalls:
        if stall.counts:
            late |= (start_ns <= stall.end_ns) & (known_ns >= stall.begin_ns)
    return late
