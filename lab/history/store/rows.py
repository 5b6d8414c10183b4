"""Request rows as an Arrow IPC stream, written batch by batch and read batch by batch.

The messages are serialised here and appended whole, rather than by Arrow's own stream writer, which leaves half a
batch behind when the disk is full. ``read_all`` is of no use on a cut stream: it raises and gives nothing [M].
"""

from __future__ import annotations

from collections.abc import Iterator
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


def read_rows(path: Path) -> Rows:
    """All rows of a file; none when there is no file. A cut last batch costs only itself.

    Batch by batch into columns that are made once: the file and its rows are never in memory together.
    Raises ValueError, with the path, when the file holds something else or is damaged before its end.
    """
    if not path.exists():
        return Rows.of([])
    most = path.stat().st_size // sum(np.dtype(dtype).itemsize for dtype in DTYPES.values())
    columns = {name: np.empty(most, dtype) for name, dtype in DTYPES.items()}
    count = 0
    for batch in _batches(path):
        for name, column in columns.items():
            column[count : count + batch.num_rows] = batch.column(name).to_numpy()
        count += batch.num_rows
    return Rows(**{name: column[:count] for name, column in columns.items()})


def rows_of(batch: Any) -> Rows:
    """The inverse of :func:`batch_of`."""
    return Rows(**{name: batch.column(name).to_numpy() for name in DTYPES})


def _batches(path: Path) -> Iterator[Any]:
    with pa.OSFile(str(path)) as source:
        try:
            stream = pa.ipc.open_stream(source)
            if stream.schema != SCHEMA:
                raise ValueError(f"{path}: not request rows of this lab, but columns {stream.schema.names}")
            yield from stream
        except (pa.ArrowInvalid, OSError) as error:
            # Cut off: whoever wrote it was killed or its disk was full, and Arrow has read up to the end. Else: damaged.
            if source.tell() < source.size():
                raise ValueError(f"{path}: damaged at byte {source.tell()} of {source.size()} ({error})") from error
