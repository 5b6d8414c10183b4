"""Rows on disk: what was flushed is read again, whatever happened to the writer."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lab.history.model.rows import NEVER, Outcome, Row, Rows, Via
from lab.history.store import RowWriter, open_rows, read_rows
from tests.unit.history.full_disk import room_for


def row(due_ms: int) -> Row:
    return Row(
        due_ns=due_ms * 1_000_000, start_us=3, end_us=NEVER - 1, outcome=Outcome.RESET, via=Via.KEPT, vu=299, key=2**32 - 1
    )


def written(path: Path, *batches: list[Row]) -> Path:
    writer = RowWriter(path)
    for batch in batches:
        for each in batch:
            writer.append(each)
        writer.flush()
    writer.close()
    return path


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = written(tmp_path / "r.arrows", [row(1), row(2)], [], [row(3)])
    rows = read_rows(path)
    assert list(rows) == [row(1), row(2), row(3)]
    assert rows.due_ns.dtype == Rows.of([]).due_ns.dtype


def test_arrows_own_reader_reads_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "r.arrows", [row(1)], [row(2)])
    assert pa.ipc.open_stream(path.read_bytes()).read_all().column("vu").to_pylist() == [299, 299]


def test_a_missing_file_has_no_rows(tmp_path: Path) -> None:
    assert len(read_rows(tmp_path / "r.arrows")) == 0


def test_a_flushed_row_is_read_though_the_writer_never_closed(tmp_path: Path) -> None:
    writer = RowWriter(tmp_path / "r.arrows")
    writer.append(row(1))
    writer.flush()
    writer.append(row(2))
    assert list(read_rows(tmp_path / "r.arrows")) == [row(1)]
    writer.close()


def test_a_file_cut_anywhere_costs_only_the_batch_that_is_cut(tmp_path: Path) -> None:
    writer = RowWriter(tmp_path / "r.arrows")
    ends = [(tmp_path / "r.arrows").stat().st_size]
    for due_ms in (1, 2):
        writer.append(row(due_ms))
        writer.flush()
        ends.append((tmp_path / "r.arrows").stat().st_size)
    writer.close()
    content = (tmp_path / "r.arrows").read_bytes()
    near_an_end = {end + offset for end in ends for offset in range(-9, 10)}
    for length in sorted(near_an_end | set(range(0, len(content), 31)) | {len(content)}):
        cut = tmp_path / "cut.arrows"
        cut.write_bytes(content[:length])
        assert len(read_rows(cut)) == sum(end <= length for end in ends[1:]), length


def test_a_file_damaged_before_its_end_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = written(tmp_path / "r.arrows", [row(1)], [row(2)])
    content = bytearray(path.read_bytes())
    start = len(pa.ipc.open_stream(bytes(content)).schema.serialize())
    content[start + 8 : start + 40] = b"\xff" * 32
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"r\.arrows"):
        read_rows(path)


def test_a_file_of_other_columns_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "r.arrows"
    with path.open("wb") as file, pa.ipc.new_stream(file, pa.schema([("a", pa.int8())])) as stream:
        stream.write_batch(pa.record_batch([pa.array([1], pa.int8())], names=["a"]))
    with pytest.raises(ValueError, match=r"r\.arrows: not request rows"):
        read_rows(path)


def test_files_are_read_one_after_the_other_and_column_by_column(tmp_path: Path) -> None:
    paths = [
        written(tmp_path / "a.arrows", [row(1), row(2)], [row(3)]),
        tmp_path / "none.arrows",
        written(tmp_path / "b.arrows", [row(4)]),
    ]
    rows = open_rows(*paths)
    assert (len(rows), rows.due_ns.tolist(), rows.due_ns.dtype) == (4, [1_000_000, 2_000_000, 3_000_000, 4_000_000], np.int64)
    late = rows.where(rows.due_ns > 1_000_000)
    assert list(late.where(np.array([2, 0]))) == [row(4), row(2)]
    assert list(Rows.concat([Rows.of([row(0)]), late])) == [row(0), row(2), row(3), row(4)]
    with pytest.raises(AttributeError, match="due_ms"):
        rows.due_ms  # type: ignore[attr-defined]  # noqa: B018  # that is the point


def test_a_column_of_a_file_that_became_shorter_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = written(tmp_path / "r.arrows", [row(1), row(2)])
    rows = open_rows(path)
    os.truncate(path, path.stat().st_size - 20)
    with pytest.raises(ValueError, match=r"r\.arrows: has become shorter"):
        rows.key  # noqa: B018  # it is read by being asked for


def test_a_file_is_never_reopened(tmp_path: Path) -> None:
    written(tmp_path / "r.arrows", [row(1)])
    with pytest.raises(FileExistsError):
        RowWriter(tmp_path / "r.arrows")


def test_a_full_disk_is_an_error_that_names_the_file_and_what_is_there_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "r.arrows"
    writer = RowWriter(path)
    writer.append(row(1))
    writer.flush()
    writer.append(row(2))
    with room_for(path.stat().st_size + 100), pytest.raises(OSError, match=r"r\.arrows") as raised:
        writer.flush()
    assert raised.value.errno == errno.EFBIG
    assert list(read_rows(path)) == [row(1)]
    writer.close()  # there is room again
    assert list(read_rows(path)) == [row(1), row(2)]


def test_closing_on_a_full_disk_is_an_error_and_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.arrows"
    writer = RowWriter(path)
    writer.append(row(1))
    with room_for(path.stat().st_size), pytest.raises(OSError, match=r"r\.arrows"):
        writer.close()
    writer.close()
    assert len(read_rows(path)) == 0
