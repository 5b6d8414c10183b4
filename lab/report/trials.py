"""Several runs of one drill in one table: each figure's median and range, and how often there was none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from lab.judge.verdict import StageVerdict, Verdict
from lab.report.figures import Figure, figures
from lab.report.quantities import duration
from lab.report.table import aligned

Cells = tuple[str, str, str, str, str, str]


def over_trials(verdicts: Sequence[Verdict]) -> str:
    """``verdicts`` of one drill, in the order of its trials. Stages that did not run in a trial are left out of its count."""
    rows: list[Cells] = [("stage", "figure", "median", "min", "max", "of")]
    for name in dict.fromkeys(stage.stage for verdict in verdicts for stage in verdict.stages):
        rows += _stage(name, [stage for verdict in verdicts for stage in verdict.stages if stage.stage == name])
    return "\n".join((_tally("trials", [verdict.verdict for verdict in verdicts]), "", *aligned(rows)))


def _tally(what: str, rulings: Sequence[str]) -> str:
    return f"{len(rulings)} {what}: " + ", ".join(f"{count} {ruling}" for ruling, count in Counter(rulings).items())


def _stage(name: str, stages: Sequence[StageVerdict]) -> Iterator[Cells]:
    for column in zip(*(figures(stage) for stage in stages), strict=True):
        values = [figure.value for figure in column if figure.value is not None]
        if values:
            shown = (_text(column[0].name, value) for value in (median(values), min(values), max(values)))
            yield (name, column[0].name, *shown, _of(column, len(values)))
            name = ""


def _text(figure: str, value: float) -> str:
    return f"{value:.2f}" if figure == "bad-seconds" else duration(value)


def _of(column: Sequence[Figure], known: int) -> str:
    """``20``, or ``18 (2 not recovered)``: a median over those that recovered says nothing of the others."""
    missing = Counter(figure.text for figure in column if figure.value is None)
    return f"{known}" + (f" ({', '.join(f'{count} {text}' for text, count in missing.items())})" if missing else "")
