"""What the shard says of itself once a second, for the display only: counts so far, latencies of the last second."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from lab.history.model.rows import NEVER, Outcome, Row

_UNSEEN = frozenset({Outcome.CUT, Outcome.DROPPED})
"""Without a latency: nothing was waited for to its end."""


class Tally:
    def __init__(self) -> None:
        self._outcomes = [0] * len(Outcome)
        self._latencies_us = array("L")

    def count(self, row: Row) -> None:
        self._outcomes[row.outcome] += 1
        if row.outcome not in _UNSEEN and row.end_us != NEVER:
            self._latencies_us.append(row.end_us)

    def tick(self) -> dict[str, Any]:
        """``requests`` and ``outcomes`` (those that occurred) since the start; ``p50_ms``, ``p95_ms`` from due to end
        since the last tick, None when there was no request.
        """
        latencies_us, self._latencies_us = self._latencies_us, array("L")
        p50, p95 = np.percentile(np.asarray(latencies_us), (50, 95)).tolist() if latencies_us else (None, None)
        return {
            "requests": sum(self._outcomes),
            "outcomes": {outcome.name.lower(): self._outcomes[outcome] for outcome in Outcome if self._outcomes[outcome]},
            "p50_ms": None if p50 is None else round(p50 / 1000, 3),
            "p95_ms": None if p95 is None else round(p95 / 1000, 3),
        }
