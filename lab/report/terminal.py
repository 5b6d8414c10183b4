"""The report as lines of text. They read the same in a pipe; colour is laid over them (``colours``) and adds nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from lab.history.model.history import History
from lab.judge.verdict import Verdict
from lab.report.facts import Facts, StageFacts, facts
from lab.report.fold import INDENT, NARROWEST, fold
from lab.report.line import ReportLine
from lab.report.quantities import offset, printable


def report(history: History, verdict: Verdict, width: int = 120) -> list[str]:
    """The lines of a report, none wider than ``width`` (down to 43 columns): title, stages, and the ruling last."""
    found = facts(history, verdict)
    lines = fold(found.drill, found.context, width)
    for trouble in found.troubles:
        lines += _reason("", trouble, width)
    for stage in found.stages:
        lines += ["", *_stage(stage, len(found.stages), width)]
    if found.table:
        lines += ["", *found.table]
    if found.thresholds:
        lines += ["", *fold("thresholds of all", found.thresholds, width)]
    return [*lines, "", *_ruling(found, width)]


def _ruling(found: Facts, width: int) -> list[str]:
    return fold(found.ruling.upper(), found.conclusion, width)


def _stage(stage: StageFacts, of: int, width: int) -> Iterator[str]:
    yield from fold(f"{stage.number}/{of} {stage.name}  {stage.ruling.upper()}", stage.setting, width)
    for index, reason in enumerate(stage.reasons):
        yield from _reason("because" if index == 0 else "and", reason, width)
    for line in (*stage.timeline, *stage.figures):
        yield from fold(_head(line), line.says, width)


def _head(line: ReportLine) -> str:
    """An instant, right-aligned at its decimal point, and the word."""
    at = "" if line.at_s is None else offset(line.at_s)
    return f"{at:>8}  {line.word}"


def _reason(word: str, reason: str, width: int) -> Iterator[str]:
    """The first line is the lab's; lines after it are quoted from a log and keep their own shape."""
    said, *quoted = reason.splitlines() or [""]
    yield from fold(f"{'':>8}  {word}", [printable(said)], width)
    for line in quoted:
        text = printable(line)
        indent = " " * (INDENT + len(text) - len(text.lstrip()))
        room = max(width - len(indent), NARROWEST)
        yield from (indent + part for part in textwrap.wrap(text.strip(), room, break_on_hyphens=False) or [""])
