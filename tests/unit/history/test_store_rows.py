"""Rows on disk: what was flushed is read again, whatever happened to the writer."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from lab.history.model.rows import NEVER, Outcome, Row, Rows, Via
from lab.history.store import RowWriter, read_rows


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


def test_a_file_is_never_reopened(tmp_path: Path) -> None:
    written(tmp_path / "r.arrows", [row(1)])
    with pytest.raises(FileExistsError):
        RowWriter(tmp_path / "r.arrows")


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond that: the kernel writes what fits and then refuses, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


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
