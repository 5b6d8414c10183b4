"""Files of request rows, column by column: what a figure needs is read when it is asked for.

One pass finds where the columns of each batch lie, and what is damaged. A column is then 10 to 80 MB of ten million rows,
where all of them are 440. They are read and not mapped: the pages of a map are memory of the process too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lab.history.model.rows import DTYPES, Column, LazyRows, Rows
from lab.history.store.rows import SCHEMA


def read_rows(path: Path) -> Rows:
    """All rows of a file, in memory; see :func:`open_rows`."""
    return open_rows(path).kept()


def open_rows(*paths: Path) -> Rows:
    """All rows of these files, one file after the other, read column by column as they are asked for; none of a file
    that is not there. A cut last batch costs only itself.

    Raises ValueError, with the path, when a file holds something else or is damaged before its end. So does asking for a
    column when its file has become shorter since; OSError, when it is gone.
    """
    files = [_File(path, tuple(_places(path))) for path in paths if path.exists()]
    count = sum(place.rows for file in files for place in file.places)

    def column(name: str) -> Column:
        found, at = np.empty(count, DTYPES[name]), 0
        for file in files:
            at = file.read_into(found, at, name)
        return found

    return LazyRows(count, column)


@dataclass(frozen=True, slots=True)
class _Place:
    """Of a batch: how many rows it has, and where in the file each of its columns begins."""

    rows: int
    begins: Column


@dataclass(frozen=True)
class _File:
    path: Path
    places: tuple[_Place, ...]

    def read_into(self, column: Column, at: int, name: str) -> int:
        """Reads one column of the file to position ``at`` and on; returns the position after it."""
        number = list(DTYPES).index(name)
        with self.path.open("rb", buffering=0) as file:
            for place in self.places:
                piece = column[at : at + place.rows]
                file.seek(place.begins[number])
                if file.readinto(piece.data) != piece.nbytes:
                    raise ValueError(f"{self.path}: has become shorter while it was read")
                at += place.rows
        return at


def _places(path: Path) -> Iterator[_Place]:
    for body_at, body, batch in _batches(path):
        buffers = [column.buffers()[-1] for column in batch.columns]
        yield _Place(batch.num_rows, np.array([body_at + buffer.address - body.address for buffer in buffers], np.int64))


def batches(path: Path) -> Iterator[Any]:
    """The file's record batches one by one, with the errors of :func:`open_rows`."""
    return (batch for _, _, batch in _batches(path))


def _batches(path: Path) -> Iterator[tuple[int, Any, Any]]:
    """Where in the file the body of each batch begins, the body, and the batch whose columns lie in it."""
    with pa.OSFile(str(path)) as source:
        try:
            schema = pa.ipc.read_schema(pa.ipc.read_message(source))
            if schema != SCHEMA:
                raise ValueError(f"{path}: not request rows of this lab, but columns {schema.names}")
            while True:
                message = pa.ipc.read_message(source)
                batch = pa.ipc.read_record_batch(message, SCHEMA)
                yield source.tell() - message.body.size, message.body, batch
        except EOFError:
            return
        except (pa.ArrowInvalid, OSError) as error:
            # Cut off: whoever wrote it was killed or its disk was full, and Arrow has read up to the end. Else: damaged.
            if source.tell() < source.size():
                raise ValueError(f"{path}: damaged at byte {source.tell()} of {source.size()} ({error})") from error
