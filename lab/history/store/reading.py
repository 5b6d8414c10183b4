"""A whole run read back from its directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.history.model.events import Event
from lab.history.model.history import History
from lab.history.model.unexpected import Unexpected
from lab.history.store.columns import batches, open_rows, read_rows
from lab.history.store.events import read_events
from lab.history.store.layout import PARQUET, load_rows_path, probe_rows_path
from lab.history.store.rows import SCHEMA
from lab.history.store.unexpected import read_unexpected
from lab.history.store.whole import read_ledger, read_plan

GROUP = 1 << 20
"""Rows of a Parquet row group, about; Arrow's own default."""


def read_history(run_dir: Path) -> History:
    """Everything the judge needs, also of a run that broke off: what was not written is empty.

    Raises FileNotFoundError without a plan, ValueError (naming the file) when something in it cannot be understood.
    """
    return History(
        plan=read_plan(run_dir),
        events=_merged_events(run_dir),
        probe=read_rows(probe_rows_path(run_dir)),
        load=open_rows(*_load_files(run_dir)),
        unexpected=_unexpected(run_dir),
        ledger=read_ledger(run_dir),
    )


def _unexpected(run_dir: Path) -> tuple[Unexpected, ...]:
    found = [each for path in sorted(run_dir.glob("unexpected-load-*.jsonl")) for each in read_unexpected(path)]
    return tuple(sorted(found, key=lambda each: each.t_ns))


def _merged_events(run_dir: Path) -> tuple[Event, ...]:
    files = [(path, path.stem.removeprefix("events-")) for path in run_dir.glob("events-*.jsonl")]
    events = [event for path, writer in files for event in read_events(path, writer)]
    return tuple(sorted(events, key=lambda event: (event.t_ns, event.writer, event.seq)))


def _load_files(run_dir: Path) -> list[Path]:
    """In the order of their numbers, which may have gaps: a stage without users, or one that was skipped."""
    paths = run_dir.glob(load_rows_path(run_dir, 0).name.replace("0", "*"))
    return sorted(paths, key=lambda path: int(path.stem.rpartition("-")[2]))


def export_parquet(run_dir: Path) -> Path:
    """``requests.parquet``: every row with its ``writer`` (``probe``, ``load-0``), for DuckDB, pandas and polars.

    Raises OSError when the disk is full; there is no such file then.
    """
    import pyarrow as pa
    from pyarrow import parquet

    target = run_dir / PARQUET
    files = [path for path in (probe_rows_path(run_dir), *_load_files(run_dir)) if path.exists()]
    try:
        with parquet.ParquetWriter(target, SCHEMA.append(pa.field("writer", pa.string()))) as writer:
            for group in (group for path in files for group in _groups(path)):
                writer.write_table(group, len(group))
    except OSError:
        target.unlink(missing_ok=True)
        raise
    pa.default_memory_pool().release_unused()  # 180 MB, which it would keep for the next file [M]
    return target


def _groups(path: Path) -> Iterator[Any]:
    """Batches put together: a row group of a quarter of a second would be mostly headers, one of all rows 440 MB."""
    kept, count = [], 0
    for batch in batches(path):
        kept.append(batch)
        count += len(batch)
        if count >= GROUP:
            yield _labelled(path, kept)
            kept, count = [], 0
    if kept:
        yield _labelled(path, kept)


def _labelled(path: Path, kept: list[Any]) -> Any:
    import pyarrow as pa

    table = pa.Table.from_batches(kept)
    return table.append_column("writer", pa.array([path.stem.removeprefix("requests-")] * len(table), pa.string()))
