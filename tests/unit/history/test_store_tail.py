"""Rows of a file that still grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history.model.rows import Row, Rows
from lab.history.store import RowTail, RowWriter


def test_each_batch_is_read_once_and_half_a_batch_later(tmp_path: Path) -> None:
    path = tmp_path / "requests-load-0.arrows"
    tail = RowTail(path)
    assert len(tail.read()) == 0
    writer = RowWriter(path)
    for batch in ([Row(due_ns=1), Row(due_ns=2)], [Row(due_ns=3)], [Row(due_ns=4)]):
        writer.append_all(Rows.of(batch))
        writer.flush()
    writer.close()
    whole = path.read_bytes()
    seen: list[list[int]] = []
    for end in (len(whole) // 3, len(whole) * 2 // 3, len(whole) - 20, len(whole)):
        path.write_bytes(whole[:end])
        seen.append(tail.read().due_ns.tolist())
    assert [due for part in seen for due in part] == [1, 2, 3, 4]
    assert len([part for part in seen if part]) > 1
    assert len(tail.read()) == 0


def test_bytes_that_stay_unreadable_while_more_comes_are_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.history.store.tail.PIECE_BYTES", 100)
    path = tmp_path / "requests-load-0.arrows"
    path.write_bytes(b"nonsense" * 4)
    tail = RowTail(path)
    assert len(tail.read()) == 0  # half a message, for all that anybody knows
    path.write_bytes(b"nonsense" * 40)
    with pytest.raises(ValueError, match="damaged at byte 0"):
        tail.read()
