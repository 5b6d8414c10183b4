"""The tests behind a result: exact, because an arm has six trials, where no approximation holds.

Sources: Fisher (1922); Mann and Whitney (1947), as a permutation of midranks, so that ties and trials that never recovered
(infinite times) are exact too; Holm (1979); Schuirmann (1987), two one-sided tests, for what is alike.
"""

from __future__ import annotations

from collections.abc import Sequence

SIGNIFICANT = 0.05 + 1e-9
"""Of a document as a whole: each p is Holm's, over all of its claims. Three trials of each arm reach 1/20, and no further."""

MARGIN = 1.2
"""What is within a fifth is called alike: the least by which a time to recover counts as slower, too."""


def fisher(better: tuple[int, int], worse: tuple[int, int]) -> float:
    """One-sided p that trials of ``better`` do well more often than those of ``worse``; each (did well, of how many)."""
    from scipy import stats

    table = [[well, of - well] for well, of in (better, worse)]
    return float(stats.fisher_exact(table, alternative="greater").pvalue)


def mann_whitney(smaller: Sequence[float], larger: Sequence[float]) -> float:
    """One-sided p that values of ``smaller`` tend to be smaller; ``inf`` ranks behind all that was measured."""
    from scipy import stats

    ranks = stats.rankdata([*smaller, *larger])
    first, second = ranks[: len(smaller)], ranks[len(smaller) :]

    def rank_sum(x: Sequence[float], _y: Sequence[float]) -> float:
        return float(sum(x))

    found = stats.permutation_test((first, second), rank_sum, alternative="less", n_resamples=float("inf"))
    return float(found.pvalue)


def alike(one: Sequence[float], other: Sequence[float]) -> bool:
    """Neither tends to reach ``MARGIN`` times the other, each at 5 %: a difference of which it is known that it is small.

    Of values that are none, never or negative (recovered before the heal was done) there is no fifth: those are not alike.
    """
    return all(
        mann_whitney(first, [MARGIN * value for value in second]) <= SIGNIFICANT for first, second in ((one, other), (other, one))
    )


def holm(ps: Sequence[float], others: int = 0) -> list[float]:
    """Each p, adjusted for all of them: the smallest times n, the next times n - 1, never below one that was smaller.

    ``others``: tests of the same family whose p nobody knows; n counts them too, as if each were larger.
    """
    adjusted = [0.0] * len(ps)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, ps[index] * (len(ps) + others - rank)))
        adjusted[index] = highest
    return adjusted
