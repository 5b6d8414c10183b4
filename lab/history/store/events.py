"""Events as JSON lines: one file per writer, each line on disk as soon as it is written."""

from __future__ import annotations

import json
from pathlib import Path

from lab.history.model.events import Event, from_json, to_json
from lab.history.store.appended import AppendedFile


class EventWriter:
    """The one writer of ``path``; ``writer`` is who that is (``run``, ``control``)."""

    def __init__(self, path: Path, writer: str) -> None:
        self.writer = writer
        self._file = AppendedFile(path)

    def write(self, event: Event) -> None:
        """One line, in the kernel's hands on return. Raises OSError when the disk is full."""
        line = json.dumps(to_json(event), ensure_ascii=False, separators=(",", ":"))
        # What a target printed may hold lone surrogates; backslashreplace writes them as the JSON escape that they are.
        self._file.append(line.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        self._file.close()


def read_events(path: Path, writer: str) -> list[Event]:
    """The events of one file in its order (``seq`` counts from 0); none when there is no file.

    A last line without its end of line was cut off while being written and is dropped. Any other line that is not an
    event raises ValueError with ``file:line``.
    """
    if not path.exists():
        return []
    *lines, _cut = path.read_bytes().split(b"\n")
    return [_event(line, writer, seq, path) for seq, line in enumerate(lines)]


def _event(line: bytes, writer: str, seq: int, path: Path) -> Event:
    try:
        values = json.loads(line)
        if not isinstance(values, dict):
            raise ValueError(f"not an object: {line[:80]!r}")
        return from_json(values, writer, seq)
    except ValueError as error:  # json.JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise ValueError(f"{path}:{seq + 1}: {error}") from error
