"""Follows a growing events file, line by whole line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from lab.history.model.events import Event, from_json


class Follower:
    """``look`` hands on every event that has been written since the last look."""

    def __init__(self, path: Path, on_event: Callable[[Event], None]) -> None:
        self._path = path
        self._on_event = on_event
        self._offset = 0

    def look(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._on_event(from_json(json.loads(line)))
