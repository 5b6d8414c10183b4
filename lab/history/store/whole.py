"""Files that are written at once: the plan before the run, the ledger at its end, the verdict after it.

Each is written beside its place and renamed into it, so it is there whole or not at all.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from lab.drill.model import Drill, RunPlan
from lab.history.model.ledger import Ledger, Stored
from lab.history.store.layout import LEDGER, PLAN, verdict_path


def dump(plan: RunPlan) -> str:
    """``drill.json``, with quantities as a drill file writes them. ``load(dump(plan)) == plan``, exactly."""
    text: bytes = _plans().dump_json(plan, indent=2)
    return text.decode() + "\n"


def dump_drill(drill: Drill) -> str:
    """A drill as it stands in ``drill.json``."""
    from pydantic import TypeAdapter

    text: bytes = TypeAdapter(Drill).dump_json(drill, indent=2)
    return text.decode() + "\n"


def load(text: str | bytes) -> RunPlan:
    """The inverse of :func:`dump`. Raises ValueError (pydantic's, with every problem) when it is not a plan."""
    plan: RunPlan = _plans().validate_json(text, strict=True)
    return plan


@cache
def _plans() -> Any:
    from pydantic import TypeAdapter  # the load's shards import this package and never read a plan

    return TypeAdapter(RunPlan)


def write_plan(run_dir: Path, plan: RunPlan) -> None:
    _write(run_dir / PLAN, dump(plan).encode())


def read_plan(run_dir: Path) -> RunPlan:
    """Raises FileNotFoundError when there is none, ValueError (naming the file) when it is not a plan of this lab."""
    path = run_dir / PLAN
    try:
        return load(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: not a whole plan of this lab ({_first(error)})") from error


def _first(error: ValueError) -> str:
    """What pydantic found first, without its advertisement."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    found = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in found["loc"])
    return f"{where}: {found['msg']}" if where else found["msg"]


def write_verdict(run_dir: Path, verdict: bytes) -> None:
    """``verdict.json``, byte for byte as given."""
    _write(verdict_path(run_dir), verdict)


def write_ledger(run_dir: Path, ledger: Ledger) -> None:
    import pyarrow as pa

    about = {"limits": json.dumps(dict(ledger.limits)), "complete": json.dumps(ledger.complete), "reason": ledger.reason}
    schema = pa.schema([("request", pa.string()), ("key", pa.int64())], metadata=about)
    requests = pa.array([stored.request for stored in ledger.stored], pa.string())
    keys = pa.array([stored.key for stored in ledger.stored], pa.int64())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(pa.record_batch([requests, keys], schema=schema))
    _write(run_dir / LEDGER, sink.getvalue().to_pybytes())


def read_ledger(run_dir: Path) -> Ledger | None:
    """None when the run has none. Raises ValueError, with the path, when the file is damaged."""
    import pyarrow as pa

    path = run_dir / LEDGER
    if not path.exists():
        return None
    try:
        table = pa.ipc.open_stream(path.read_bytes()).read_all()
        about = table.schema.metadata
        columns = (table.column("request").to_pylist(), table.column("key").to_pylist())
        return Ledger(
            stored=tuple(Stored(request, key) for request, key in zip(*columns, strict=True)),
            limits=json.loads(about[b"limits"]),
            complete=json.loads(about[b"complete"]),
            reason=about[b"reason"].decode(),
        )
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a ledger of this lab ({error})") from error


def _write(path: Path, content: bytes) -> None:
    """Raises OSError when the disk is full, and leaves what was there before."""
    beside = path.with_name(f".{path.name}.new")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
