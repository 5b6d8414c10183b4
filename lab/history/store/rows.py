"""Request rows as an Arrow IPC stream, written batch by batch; ``columns`` reads them.

The messages are serialised here and appended whole, rather than by Arrow's own stream writer, which leaves half a
batch behind when the disk is full.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lab.history.model.rows import DTYPES, Row, Rows
from lab.history.store.appended import AppendedFile

SCHEMA = pa.schema([pa.field(name, pa.from_numpy_dtype(np.dtype(dtype)), nullable=False) for name, dtype in DTYPES.items()])
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


class RowWriter:
    """Collects rows in memory; ``flush`` makes them one batch of the file. The one writer of ``path``."""

    def __init__(self, path: Path) -> None:
        self._file = AppendedFile(path)
        self._file.append(SCHEMA.serialize().to_pybytes())
        batch_of(Rows.of([])).serialize()  # Arrow's first batch takes 7 ms [M], which a flush in a runner's loop has not
        self._pending: list[Row] = []
        self._columns: list[Rows] = []
        self._closed = False

    def append(self, row: Row) -> None:
        self._pending.append(row)

    def append_all(self, rows: Rows) -> None:
        """Many at once, as columns."""
        self._columns.append(rows)

    def flush(self) -> None:
        """Writes what was appended since the last flush; nothing when there is nothing. Raises OSError when the disk
        is full: the rows stay pending then and go with the next flush.
        """
        if self._pending:
            self._columns.append(Rows.of(self._pending))
            self._pending = []
        rows = Rows.concat(self._columns)
        if len(rows):
            self._file.append(batch_of(rows).serialize().to_pybytes())
        self._columns = []

    def close(self) -> None:
        """Flushes, ends the stream and closes the file, also when the flush fails (OSError). Twice is no error."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush()
            self._file.append(_END_OF_STREAM)
        finally:
            self._file.close()


def batch_of(rows: Rows) -> Any:
    """A record batch with the columns of :data:`SCHEMA`."""
    return pa.record_batch([pa.array(getattr(rows, name)) for name in DTYPES], schema=SCHEMA)


def rows_of(batch: Any) -> Rows:
    """The inverse of :func:`batch_of`."""
    return Rows(**{name: batch.column(name).to_numpy() for name in DTYPES})
