"""Events on disk, one line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history.model.events import (
    BaselineEvent,
    Event,
    HealEvent,
    InjectEvent,
    LandedEvent,
    NoteEvent,
    RunEvent,
    SensorEvent,
    TargetEvent,
)
from lab.history.store import EventWriter, read_events

EVENTS: list[Event] = [
    RunEvent(t_ns=0, phase="begin"),
    TargetEvent(t_ns=1, stage="a", state="started", pid=7, settings={"slots": 8, "defer_accept": True}),
    BaselineEvent(t_ns=2, stage="a", phase="begin", counters={"ListenOverflows": 3}),
    InjectEvent(t_ns=3, stage="a", phase="end", fault="backlog", done="backlog 1024→16"),
    LandedEvent(t_ns=4, stage="a", counters={}),
    SensorEvent(t_ns=5, readings={"steal": 0.25}),
    HealEvent(t_ns=6, stage="a", phase="end", reason="recovered"),
    NoteEvent(t_ns=7, text="재시작 \udc80 line\nbreak"),
]


def written(path: Path, events: list[Event]) -> Path:
    writer = EventWriter(path, "run")
    for event in events:
        writer.write(event)
    writer.close()
    return path


def unplaced(events: list[Event]) -> list[dict[str, object]]:
    return [{k: v for k, v in vars(event).items() if k not in ("writer", "seq")} for event in events]


def test_events_are_read_as_they_were_written(tmp_path: Path) -> None:
    read = read_events(written(tmp_path / "events-run.jsonl", EVENTS), "run")
    assert [type(event) for event in read] == [type(event) for event in EVENTS]
    assert unplaced(read) == unplaced(EVENTS)


def test_each_event_knows_its_writer_and_its_place_in_the_file(tmp_path: Path) -> None:
    read = read_events(written(tmp_path / "e.jsonl", EVENTS), "control")
    assert [(event.writer, event.seq) for event in read] == [("control", seq) for seq in range(len(EVENTS))]


def test_an_event_is_on_disk_before_the_file_is_closed(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "e.jsonl", "run")
    writer.write(EVENTS[0])
    assert len(read_events(tmp_path / "e.jsonl", "run")) == 1
    writer.close()


def test_a_missing_file_has_no_events(tmp_path: Path) -> None:
    assert read_events(tmp_path / "e.jsonl", "run") == []


def test_a_cut_last_line_is_dropped(tmp_path: Path) -> None:
    path = written(tmp_path / "e.jsonl", EVENTS[:2])
    path.write_bytes(path.read_bytes()[:-3])
    assert [type(event) for event in read_events(path, "run")] == [RunEvent]


@pytest.mark.parametrize("line", ['{"t": 1, "kind": "unheard-of"}', '{"kind": "run"', '{"t": 1, "kind": "run"}', "3", "\xff", ""])
def test_a_line_that_is_no_event_is_an_error_with_file_and_line(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "e.jsonl", EVENTS[:1])
    path.write_bytes(path.read_bytes() + line.encode("latin-1") + b"\n")
    with pytest.raises(ValueError, match=r"e\.jsonl:2: "):
        read_events(path, "run")
