"""A whole run read back from its directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.history.model.events import Event
from lab.history.model.history import History
from lab.history.model.rows import Rows
from lab.history.model.unexpected import Unexpected
from lab.history.store.events import read_events
from lab.history.store.layout import PARQUET, load_rows_path, probe_rows_path
from lab.history.store.rows import batch_of, read_rows
from lab.history.store.unexpected import read_unexpected
from lab.history.store.whole import read_ledger, read_plan


def read_history(run_dir: Path) -> History:
    """Everything the judge needs, also of a run that broke off: what was not written is empty.

    Raises FileNotFoundError without a plan, ValueError (naming the file) when something in it cannot be understood.
    """
    return History(
        plan=read_plan(run_dir),
        events=_merged_events(run_dir),
        probe=read_rows(probe_rows_path(run_dir)),
        load=Rows.concat(read_rows(path) for path in _load_files(run_dir)),
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
    """``requests.parquet``: every row with its ``writer`` (``probe``, ``load-0``), for DuckDB, pandas and polars."""
    import pyarrow as pa
    from pyarrow import parquet

    files = [path for path in (probe_rows_path(run_dir), *_load_files(run_dir)) if path.exists()]
    tables = [_labelled(path) for path in files] or [_labelled(probe_rows_path(run_dir))]
    parquet.write_table(pa.concat_tables(tables), run_dir / PARQUET)
    return run_dir / PARQUET


def _labelled(path: Path) -> Any:
    import pyarrow as pa

    rows = read_rows(path)
    writer = pa.array([path.stem.removeprefix("requests-")] * len(rows), pa.string())
    return pa.Table.from_batches([batch_of(rows)]).append_column("writer", writer)
