"""Two runs side by side: the same figures of each stage, and how far the second is from the first."""

from __future__ import annotations

from collections.abc import Iterator

from lab.judge.verdict import StageVerdict, Verdict
from lab.report.figures import Figure, figures
from lab.report.quantities import NOTHING, change
from lab.report.table import aligned

Cells = tuple[str, str, str, str, str]


def side_by_side(a: Verdict, b: Verdict) -> str:
    """A plain table, a row for each figure of each stage, ``a`` before ``b``; stages are matched by name."""
    rows: list[Cells] = [("stage", "figure", f"first: {a.drill}", f"second: {b.drill}", "change")]
    rows.append(("drill", "verdict", a.verdict.upper(), b.verdict.upper(), ""))
    ours, theirs = ({stage.stage: stage for stage in verdict.stages} for verdict in (a, b))
    for name in dict.fromkeys([*ours, *theirs]):
        rows += _stage(name, ours.get(name), theirs.get(name))
    return "\n".join(aligned(rows))


def _stage(name: str, a: StageVerdict | None, b: StageVerdict | None) -> Iterator[Cells]:
    yield name, "verdict", _ruling(a), _ruling(b), ""
    ours, theirs = _figures(a), _figures(b)
    for figure in dict.fromkeys([*ours, *theirs]):
        x, y = ours.get(figure), theirs.get(figure)
        if {_text(x), _text(y)} != {NOTHING}:
            yield "", figure, _text(x), _text(y), _change(x, y)


def _ruling(stage: StageVerdict | None) -> str:
    return stage.verdict.upper() if stage else "not in this run"


def _figures(stage: StageVerdict | None) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(stage)} if stage else {}


def _text(figure: Figure | None) -> str:
    return figure.text if figure else NOTHING


def _change(a: Figure | None, b: Figure | None) -> str:
    if a is None or b is None or a.value is None or b.value is None:
        return ""
    by = round(b.value - a.value, 6)
    if by == 0:
        return "="
    return f"{by:+.2f}".replace("-", "−") if a.name == "bad-seconds" else change(by)
