"""Results as Markdown, and where it goes in a README. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.figures import Claim, Spread, Target
from benchmarks.results import Results, Series

BEGIN = "<!-- results: written by make bench -->"
END = "<!-- end of results -->"


def into(readme: str, results: Results) -> str:
    """``readme`` with the results as its table of them. Raises ValueError as :func:`between` does."""
    return between(readme, BEGIN, END, rendered(results))


def between(readme: str, begin: str, end: str, section: str) -> str:
    """``readme`` with ``section`` in place of what stands between the markers. Raises ValueError without both."""
    before, found_begin, rest = readme.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"README: expected the markers {begin} and {end}, in this order")
    return f"{before}{begin}\n\n{section}\n{end}{after}"


def rendered(results: Results) -> str:
    machine = "; ".join(f"{name}: {value}" for name, value in results.machine.items())
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return "\n".join(
        [
            f"{results.date}, {results.rounds} rounds in {results.wall_s / 60:.0f} min. {machine}.",
            f"Versions: {versions}.",
            "",
            "| measure | what | median (min–max) | target | |",
            "|---|---|---|---|---|",
            *(claim_line(claim) for claim in results.claims),
            "",
            "Behind it, round by round; CPU is user + system of the client's whole process tree, its start included:",
            "",
            "| measure | client | figure | median (min–max) | command |",
            "|---|---|---|---|---|",
            *(_series_line(each) for each in results.series),
            "",
        ]
    )


def claim_line(claim: Claim) -> str:
    figure = _figure(claim.spread, claim.unit) if claim.spread else f"not here: {claim.missing}"
    return _row([claim.measure, claim.what, figure, _target(claim.target, claim.unit), _mark(claim.kept)])


def _series_line(each: Series) -> str:
    figure = _figure(Spread.of(each.rounds), each.unit) if each.rounds else f"not here: {each.missing}"
    return _row([each.measure, each.client, each.figure, figure, f"`{each.command}`" if each.command else ""])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_cell(cells))} |"


def _cell(cells: Iterable[str]) -> Iterable[str]:
    return (cell.replace("|", "\\|") for cell in cells)


def _figure(spread: Spread, unit: str) -> str:
    text = f"**{number(spread.median)}{unit}** ({number(spread.low)}–{number(spread.high)})"
    return text if spread.low != spread.high else text.partition(" (")[0]


def _target(target: Target | None, unit: str) -> str:
    return "–" if target is None else f"{'≥' if target.side == 'at least' else '≤'} {number(target.bound)}{unit}"


def _mark(kept: bool | None) -> str:
    return "–" if kept is None else "✓" if kept else "✗"


def number(value: float) -> str:
    """Three digits that count, thousands set apart: 37,400; 12.3; 0.41."""
    size = abs(value)
    if size >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.0f}" if size >= 100 or value == 0 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
