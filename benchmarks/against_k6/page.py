"""The comparison as a table, and where it goes in docs/k6.md. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from benchmarks.against_k6.compared import Pair
from benchmarks.against_k6.plans import Plan

BEGIN = "<!-- executors beside k6: written by python -m benchmarks.against_k6 -->"
END = "<!-- end of executors beside k6 -->"
HEAD = (
    "| plan | iterations: ours, k6 | dropped | in flight at the cut | starts per second, whole plan"
    " | in each second: median, largest | k-th start: median, largest |"
)


def into(page: str, plans: Sequence[Plan], rounds: Mapping[str, Sequence[Pair]], heading: str) -> str:
    """``page`` with what stands between the markers replaced. Raises ValueError without both."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/k6.md: expected the markers {BEGIN} and {END}, in this order")
    return "\n".join([f"{before}{BEGIN}", heading, "", *table(plans, rounds), f"{END}{after}"])


def table(plans: Sequence[Plan], rounds: Mapping[str, Sequence[Pair]]) -> list[str]:
    return [HEAD, "|---|---|---|---|---|---|---|", *(_line(plan.name, rounds[plan.name]) for plan in plans)]


def _line(name: str, pairs: Sequence[Pair]) -> str:
    rate_off = max((pair.rate_off for pair in pairs), key=abs)
    seconds_off = [abs(off) for pair in pairs for off in pair.each_second_off]
    apart_ms = [each for pair in pairs for each in pair.apart_ms]
    cells = [
        f"`{name}`",
        *(_both(pairs, figure) for figure in ("finished", "dropped", "cut")),
        f"{rate_off:+.1%}",
        f"{median(seconds_off):.1%}, {max(seconds_off):.1%}",
        f"{median(apart_ms):.1f} ms, {max(apart_ms):.1f} ms",
    ]
    return f"| {' | '.join(cells)} |"


def _both(pairs: Sequence[Pair], figure: str) -> str:
    """Bold where they differ in a round."""
    ours = _range(getattr(pair.ours.counts, figure) for pair in pairs)
    k6s = _range(getattr(pair.k6s.counts, figure) for pair in pairs)
    same = all(getattr(pair.ours.counts, figure) == getattr(pair.k6s.counts, figure) for pair in pairs)
    return f"{ours}, {k6s}" if same else f"**{ours}**, {k6s}"


def _range(values: Iterable[int]) -> str:
    found = sorted(set(values))
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,}–{found[-1]:,}"
