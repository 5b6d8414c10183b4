"""Events are handed on once each, and only when their line is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history.model.events import Event, NoteEvent
from lab.run.follow import Follower

FIRST, SECOND = b'{"t": 1, "kind": "note", "text": "a"}\n', b'{"t": 2, "kind": "note", "text": "b"}\n'


def test_each_event_once_and_no_half_line(tmp_path: Path) -> None:
    path, seen = tmp_path / "events.jsonl", list[Event]()
    follower = Follower(path, seen.append)
    follower.look()  # before there is a file
    for chunk, known in ((FIRST[:9], 0), (FIRST[9:], 1), (b"", 1), (SECOND + FIRST[:-1], 2), (FIRST[-1:], 3)):
        with path.open("ab") as file:
            file.write(chunk)
        follower.look()
        assert len(seen) == known
    assert seen[:2] == [NoteEvent(t_ns=1, text="a"), NoteEvent(t_ns=2, text="b")]


def test_a_line_that_is_no_event_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"t": 1, "kind": "surprise"}\n')
    with pytest.raises(ValueError, match="surprise"):
        Follower(path, print).look()
