"""The rows of a file that still grows, each batch once: for whoever watches a load while it runs."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from lab.history.model.rows import Rows
from lab.history.store.rows import SCHEMA, rows_of

PIECE_BYTES = 64 << 20
"""A quarter of a second of rows is far smaller."""


class RowTail:
    """Reads what is new at each call. A batch that is half written is read by the next call; bytes that stay unreadable
    while more comes behind them are damage.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._unread_bytes = 0

    def read(self) -> Rows:
        """Raises OSError when the file cannot be read, ValueError when it is damaged; one that is not there yet is empty."""
        if not self._path.exists():
            return Rows.of([])
        with self._path.open("rb") as file:
            file.seek(self._at)
            source = pa.BufferReader(file.read())
        batches = []
        begin = self._at
        while (message := _next(source)) is not None:
            self._at = begin + source.tell()
            if message.type == "record batch":
                batches.append(rows_of(pa.ipc.read_record_batch(message, SCHEMA)))
        left_bytes = begin + source.size() - self._at
        if self._unread_bytes and not batches and left_bytes > self._unread_bytes + PIECE_BYTES:
            raise ValueError(f"{self._path}: damaged at byte {self._at}")
        self._unread_bytes = left_bytes
        return Rows.concat(batches)


def _next(source: pa.BufferReader) -> pa.Message | None:
    """None at the end of what is there, which may be in the middle of a message."""
    try:
        return pa.ipc.read_message(source)
    except (EOFError, pa.ArrowInvalid, OSError):
        return None
