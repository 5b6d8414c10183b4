"""The report as GitHub Markdown, for the step summary of a CI run: the same facts as on a terminal, in tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lab.history.model.history import History
from lab.judge.verdict import Verdict
from lab.report.facts import StageFacts, facts
from lab.report.figures import figures
from lab.report.fold import SEPARATOR
from lab.report.quantities import offset, printable

_SPECIAL = re.compile(r"[\\`*\[\]<>|#~]|(?<!\w)_|_(?!\w)")


def markdown(history: History, verdict: Verdict) -> str:
    """A heading with the ruling, a table of figures, then each stage; ends with a newline."""
    found = facts(history, verdict)
    parts = [
        f"## {found.ruling.upper()} {escaped(found.drill)}",
        _joined(found.context),
        *_reasons(found.troubles),
        _summary(verdict),
        *(part for stage in found.stages for part in _stage(stage, len(found.stages))),
        f"**{found.ruling.upper()}** {_joined(found.conclusion)}",
    ]
    return "\n\n".join(parts) + "\n"


def _summary(verdict: Verdict) -> str:
    rows = [[stage.stage, stage.verdict.upper(), *(figure.text for figure in figures(stage))] for stage in verdict.stages]
    names = [figure.name for figure in figures(verdict.stages[0])] if verdict.stages else []
    return _table(["stage", "verdict", *names], rows)


def _stage(stage: StageFacts, of: int) -> Iterator[str]:
    yield f"### {stage.number}/{of} {escaped(stage.name)}: {stage.ruling.upper()}"
    yield _joined(stage.setting)
    yield from _reasons(stage.reasons)
    lines = (*stage.timeline, *stage.figures)
    if lines:
        rows = [["" if line.at_s is None else offset(line.at_s), line.word, SEPARATOR.join(line.says)] for line in lines]
        yield _table(["s after injection", "what", ""], rows)


def _reasons(reasons: Sequence[str]) -> Iterator[str]:
    if reasons:
        yield "\n".join(_reason(reason) for reason in reasons)


def _reason(reason: str) -> str:
    """A bullet; what it quotes from a log becomes a code block (indented, so that no fence in the log can end it)."""
    said, *quoted = reason.splitlines() or [""]
    block = "".join(f"\n      {printable(line)}" for line in quoted)
    return f"- {escaped(printable(said))}" + (f"\n{block}\n" if block else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruler = "|".join("---" for _ in head)
    return "\n".join([_row(head), f"|{ruler}|", *(_row(row) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def _joined(parts: Sequence[str]) -> str:
    return escaped(SEPARATOR.join(parts))


def escaped(text: str) -> str:
    """Nothing in ``text`` is markup; an underscore within a word is none anyway, and stays as it is."""
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", text)
