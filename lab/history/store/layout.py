"""Where the files of a run lie: ``runs/<drill>/<UTC>-<id>/``, and ``runs/latest`` → the newest."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

LATEST = "latest"
PLAN = "drill.json"
LEDGER = "ledger.arrows"
PARQUET = "requests.parquet"


class RunNotFound(LookupError):
    """No run, or more than one, answers to that name; the message says which there are."""


def events_path(run_dir: Path, writer: str) -> Path:
    """``writer``: ``run`` (inside the room) or ``control`` (outside)."""
    return run_dir / f"events-{writer}.jsonl"


def probe_rows_path(run_dir: Path) -> Path:
    return run_dir / "requests-probe.arrows"


def load_rows_path(run_dir: Path, shard: int) -> Path:
    return run_dir / f"requests-load-{shard}.arrows"


def unexpected_path(run_dir: Path, shard: int) -> Path:
    """The first answers of each kind that nobody expected; made when there is one."""
    return run_dir / f"unexpected-load-{shard}.jsonl"


def logs_path(run_dir: Path) -> Path:
    return run_dir / "logs"


def verdict_path(run_dir: Path) -> Path:
    return run_dir / "verdict.json"


def create_run_dir(root: Path, drill_name: str, now: datetime) -> Path:
    """Makes an empty run directory (0700, with ``logs/``) and turns ``root/latest`` to it in one step.

    ``now`` carries its time zone. Raises OSError when ``root`` cannot be written.
    """
    started = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    run_dir = root / drill_name / f"{started}-{secrets.token_hex(3)}"
    run_dir.parent.mkdir(parents=True, exist_ok=True)
    run_dir.mkdir(mode=0o700)
    logs_path(run_dir).mkdir(mode=0o700)
    _point_latest(root, run_dir)
    return run_dir


def _point_latest(root: Path, run_dir: Path) -> None:
    """By rename: whoever opens ``latest`` meanwhile finds the old run or the new one, never nothing."""
    link = root / f".{LATEST}-{run_dir.name}"
    link.symlink_to(run_dir.relative_to(root))
    os.replace(link, root / LATEST)


def list_runs(root: Path) -> list[Path]:
    """Every run under ``root``, newest first."""
    plans = (path for path in root.glob(f"*/*/{PLAN}") if path.parent.parent.name != LATEST)
    return sorted((path.parent for path in plans), key=lambda run: run.name, reverse=True)


def find_run(root: Path, name: str) -> Path:
    """``latest``, a path of a run directory, or the end (or whole) of a run's name, such as its id. Raises RunNotFound."""
    if name == LATEST:
        return _latest(root)
    if (Path(name) / PLAN).is_file():
        return Path(name).resolve()
    found = [run for run in list_runs(root) if run.name == name or run.name.endswith(f"-{name}")]
    if len(found) == 1:
        return found[0].resolve()
    known = ", ".join(run.name for run in (found or list_runs(root))[:5]) or "none yet"
    raise RunNotFound(f"{len(found) or 'no'} runs are called {name!r} under {root}; the newest: {known}")


def _latest(root: Path) -> Path:
    link = root / LATEST
    if not link.exists():
        raise RunNotFound(f"no run yet under {root}")
    return link.resolve()
