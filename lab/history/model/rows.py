"""Request rows: what one request met, as seen by the client that sent it. 44 bytes each in a column store.

All times of a row are offsets in microseconds from the instant at which the request was *due* (open model: by the
plan; closed loop: when its user was free), so a late start is never hidden (no coordinated omission).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

NEVER = 0xFFFFFFFF
"""Offset of something that did not happen (all ones)."""


OTHER = 0xFF
"""Request index of what a script of the user's asked beside the target's requests."""


class Outcome(IntEnum):
    """How a request ended; a closed list."""

    OK = 0
    CONNECT_REFUSED = 1
    RESET = 2
    """RST before a whole answer."""
    CLOSED = 3
    """FIN before a whole answer."""
    CONNECT_TIMEOUT = 4
    TIMEOUT = 5
    BAD_STATUS = 6
    """A status that the request does not expect."""
    BAD_BODY = 7
    """Not HTTP, or a body that breaks off."""
    SHED = 8
    """503 with Retry-After."""
    DROPPED = 9
    """No free slot to send it: the generator's limit."""
    CUT = 10
    """In flight when the run ended: in no figure, but named."""


class Via(IntEnum):
    """What connection carried the request."""

    FRESH = 0
    KEPT = 1
    REOPENED = 2
    """A kept connection that had to be opened again: counts in neither class, only in *all*."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One request. ``due_ns`` since t0; ``*_us`` offsets from due, :data:`NEVER` when it did not happen."""

    due_ns: int
    start_us: int = NEVER
    connected_us: int = NEVER
    sent_us: int = NEVER
    first_byte_us: int = NEVER
    end_us: int = NEVER
    status: int = 0
    outcome: int = Outcome.OK
    scenario: int = 0
    """Index of the stage in the drill."""
    request: int = 0
    """Index in the target's requests."""
    via: int = Via.FRESH
    vu: int = 0
    size_bytes: int = 0
    key: int = 0
    """The request's own key; the ledger says whether the target stored it."""


DTYPES: dict[str, Any] = {
    "due_ns": np.int64,
    "start_us": np.uint32,
    "connected_us": np.uint32,
    "sent_us": np.uint32,
    "first_byte_us": np.uint32,
    "end_us": np.uint32,
    "status": np.uint16,
    "outcome": np.uint8,
    "scenario": np.uint8,
    "request": np.uint8,
    "via": np.uint8,
    "vu": np.uint16,
    "size_bytes": np.uint32,
    "key": np.uint32,
}
Column = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Rows:
    """Many rows, column by column (numpy arrays of equal length, dtypes as :data:`DTYPES`)."""

    due_ns: Column
    start_us: Column
    connected_us: Column
    sent_us: Column
    first_byte_us: Column
    end_us: Column
    status: Column
    outcome: Column
    scenario: Column
    request: Column
    via: Column
    vu: Column
    size_bytes: Column
    key: Column

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Rows:
        return cls(**{name: np.array([getattr(row, name) for row in rows], dtype) for name, dtype in DTYPES.items()})

    @classmethod
    def concat(cls, parts: Iterable[Rows]) -> Rows:
        parts = list(parts) or [cls.of([])]
        if len(parts) == 1:
            return parts[0]  # 440 MB of ten million rows are not copied
        whole = LazyRows(sum(map(len, parts)), lambda name: np.concatenate([getattr(part, name) for part in parts]))
        return whole if any(isinstance(part, LazyRows) for part in parts) else whole.kept()

    def __len__(self) -> int:
        return len(self.due_ns)

    def __iter__(self) -> Iterator[Row]:
        names = [field.name for field in fields(self)]
        for values in zip(*(getattr(self, name).tolist() for name in names), strict=True):
            yield Row(**dict(zip(names, values, strict=True)))

    def where(self, mask: Column) -> Rows:
        """The rows that a boolean mask picks, or in the order that an index array gives."""
        if isinstance(mask, np.ndarray) and mask.dtype == bool and mask.all():
            return self
        return self._picked(mask)

    def _picked(self, mask: Column) -> Rows:
        return Rows(**{name: getattr(self, name)[mask] for name in DTYPES})

    def kept(self) -> Rows:
        """The same with every column in memory."""
        return Rows(**{name: getattr(self, name) for name in DTYPES})


class LazyRows(Rows):
    """Rows whose columns are made when they are asked for, and anew each time: whoever needs one twice keeps it.

    Ten million rows have 440 MB of columns, and no figure is made of more than three. ``column`` makes the one of that
    name, of ``count`` values.
    """

    def __init__(self, count: int, column: Callable[[str], Column]) -> None:
        self._count, self._column = count, column

    def __getattr__(self, name: str) -> Column:
        """Python asks here for what is no attribute, which no column is."""
        if name not in DTYPES:
            raise AttributeError(name)
        return self._column(name)

    def __len__(self) -> int:
        return self._count

    def _picked(self, mask: Column) -> Rows:
        count = np.count_nonzero(mask) if mask.dtype == bool else len(mask)
        return LazyRows(int(count), lambda name: self._column(name)[mask])
