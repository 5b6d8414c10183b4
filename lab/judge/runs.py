"""How an outage looked from inside: its runs of bad requests and the good stretches between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.history.model.rows import Column


@dataclass(frozen=True)
class Runs:
    bad_runs: int
    longest_bad_ns: int
    longest_good_ns: int


def runs(due_ns: Column, bad: Column, end_ns: int) -> Runs:
    """Rows in due order, the first one bad; a stretch lasts until the next one begins, the last until ``end_ns``."""
    if not len(bad):
        return Runs(0, 0, 0)
    starts = np.flatnonzero(np.diff(bad, prepend=~bad[0]))
    lasted = np.diff(np.append(due_ns[starts], max(end_ns, int(due_ns[-1]))))
    is_bad = bad[starts]
    return Runs(
        int(is_bad.sum()),
        int(lasted[is_bad].max(initial=0)),
        int(lasted[~is_bad].max(initial=0)),
    )
