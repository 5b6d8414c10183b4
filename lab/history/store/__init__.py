"""The history on disk: the files of a run, each with one writer, read again by whoever judges.

``layout`` names the files, ``appended`` grows them, ``rows`` and ``events`` are what grows, ``whole`` are those
written at once, ``columns`` reads rows, ``reading`` puts a run together again.
"""

from lab.history.store.columns import open_rows, read_rows
from lab.history.store.events import EventWriter, read_events
from lab.history.store.layout import (
    RunNotFound,
    create_run_dir,
    events_path,
    find_run,
    list_runs,
    load_rows_path,
    logs_path,
    probe_rows_path,
    unexpected_path,
    verdict_path,
)
from lab.history.store.reading import export_parquet, read_history
from lab.history.store.rows import RowWriter
from lab.history.store.tail import RowTail
from lab.history.store.unexpected import UnexpectedWriter, read_unexpected
from lab.history.store.whole import dump, dump_drill, load, read_ledger, read_plan, write_ledger, write_plan, write_verdict

__all__ = [
    "EventWriter",
    "RowTail",
    "RowWriter",
    "RunNotFound",
    "UnexpectedWriter",
    "create_run_dir",
    "dump",
    "dump_drill",
    "events_path",
    "export_parquet",
    "find_run",
    "list_runs",
    "load",
    "load_rows_path",
    "logs_path",
    "open_rows",
    "probe_rows_path",
    "read_events",
    "read_history",
    "read_ledger",
    "read_plan",
    "read_rows",
    "read_unexpected",
    "unexpected_path",
    "verdict_path",
    "write_ledger",
    "write_plan",
    "write_verdict",
]
