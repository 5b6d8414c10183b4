"""Files in k6's formats, written from a finished run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from lab.drill.thresholds import parse
from lab.history.model.history import History
from lab.judge.checked import of_scripts
from lab.judge.load import span_s
from lab.judge.verdict import ThresholdFigures, Verdict
from lab.report import k6_json, k6_summary


@dataclass(frozen=True)
class Exports:
    """Where each is to go; None: it is not asked for."""

    json_lines: Path | None = None
    summary: Path | None = None
    machine_summary: Path | None = None


def unwritable(exports: Exports, root: Path) -> Iterator[str]:
    """Which of them could not be written, with its option and why; asked before a run, which will make ``root``."""
    for option, path, _ in _asked(exports):
        if path.is_dir():
            yield f"{option}: it is a directory, expected a file"
        elif path.parent == root and not root.exists():
            continue
        elif not path.parent.is_dir():
            yield f"{option}: there is no directory {path.parent}"
        elif not os.access(path if path.exists() else path.parent, os.W_OK):
            yield f"{option}: it may not be written"


def write(history: History, verdict: Verdict, exports: Exports) -> Iterator[str]:
    """Says what could not be written; the run itself is stored already."""
    for option, path, content in _asked(exports):
        try:
            with path.open("wb") as file:
                content(file, history, verdict)
        except OSError as error:
            yield f"{option}: {error.strerror or error}"


_Content = Callable[[IO[bytes], History, Verdict], None]


def _asked(exports: Exports) -> Iterator[tuple[str, Path, _Content]]:
    """Each with its option as it was typed."""
    all_of_them: tuple[tuple[str, Path | None, _Content], ...] = (
        ("--out k6-json=", exports.json_lines, _json_lines),
        ("--summary-export ", exports.summary, _summary),
        ("--machine-readable-summary ", exports.machine_summary, _machine_summary),
    )
    for option, path, content in all_of_them:
        if path is not None:
            yield f"{option}{path}", path, content


def _json_lines(file: IO[bytes], history: History, verdict: Verdict) -> None:
    plan, requests = history.plan, history.plan.drill.target.requests
    methods = ["POST" if request.post is not None else "GET" for request in requests.values()]
    service = (plan.drill.target.url or "").rstrip("/")  # a service that the lab started has another port each time
    urls = [service + (request.post or request.get or "") for request in requests.values()]
    file.writelines(
        k6_json.lines(
            history.load,
            scenario_names=[stage.stage for stage in plan.drill.stages],
            request_names=list(requests),
            methods=methods,
            urls=urls,
            epoch_ns=plan.epoch_ns,
            scripted=of_scripts(history),
            thresholds=[parse(each.selector, [each.expression])[0] for each in _thresholds(verdict)],
        )
    )


def _summary(file: IO[bytes], history: History, verdict: Verdict) -> None:
    file.write(json.dumps(k6_summary.legacy(_run(history, verdict)), indent=2).encode() + b"\n")


def _machine_summary(file: IO[bytes], history: History, verdict: Verdict) -> None:
    plan = history.plan
    found = k6_summary.machine_readable(
        _run(history, verdict), script=plan.drill.drill, generated_at=_iso(plan.epoch_ns), version=plan.lab
    )
    file.write(json.dumps(found, indent=2).encode() + b"\n")


def _iso(epoch_ns: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(epoch_ns / 1e9, UTC).isoformat().replace("+00:00", "Z")


def _run(history: History, verdict: Verdict) -> k6_summary.Run:
    drill = history.plan.drill
    names = [stage.stage for stage in drill.stages]
    return k6_summary.Run(
        history.load, names, list(drill.target.requests), span_s(history.load), _thresholds(verdict), of_scripts(history)
    )


def _thresholds(verdict: Verdict) -> tuple[ThresholdFigures, ...]:
    """All of them, each over what it was held against: a stage's stand at its scenario, unless that is the whole run."""
    alone = len(verdict.stages) == 1
    of_stages = (
        each if alone else replace(each, selector=k6_summary.of_stage(each.selector, stage.stage))
        for stage in verdict.stages
        for each in stage.thresholds
    )
    return (*verdict.thresholds, *of_stages)
