"""Unexpected answers as JSON lines; one file per shard, made when there is one to write."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lab.history.model.unexpected import Unexpected
from lab.history.store.appended import AppendedFile


class UnexpectedWriter:
    """The one writer of ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: AppendedFile | None = None

    def write(self, found: Iterable[Unexpected]) -> None:
        """Raises OSError when the disk is full."""
        lines = "".join(f"{each.to_json()}\n" for each in found)
        if not lines:
            return
        if self._file is None:
            self._file = AppendedFile(self._path)
        self._file.append(lines.encode())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def read_unexpected(path: Path) -> list[Unexpected]:
    """A last line that was cut off is dropped. Raises ValueError, with ``file:line``, for any other that is none."""
    *lines, _cut = path.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(Unexpected.from_json(line))
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from error
    return found
