"""What the shard says of itself once a second, for the display only: counts so far, latencies of the last second."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.history.model.rows import NEVER, Column, Outcome, Rows


class Tally:
    def __init__(self) -> None:
        self._outcomes = np.zeros(len(Outcome), dtype=np.int64)
        self._statuses = np.zeros(1000, dtype=np.int64)
        self._latencies_us: list[Column] = []

    def count(self, rows: Rows) -> None:
        """What was neither cut nor dropped has a latency: nothing else was waited for to its end."""
        self._outcomes += np.bincount(rows.outcome, minlength=len(Outcome))
        self._statuses += np.bincount(rows.status.clip(0, 999), minlength=1000)
        waited = (rows.outcome != Outcome.CUT) & (rows.outcome != Outcome.DROPPED) & (rows.end_us != NEVER)
        self._latencies_us.append(rows.end_us[waited])

    def tick(self) -> dict[str, Any]:
        """``requests``, ``outcomes`` and ``statuses`` (those that occurred) since the start; ``p50_ms``, ``p95_ms``,
        ``p99_ms`` from due to end since the last tick, None when there was no request.
        """
        latencies_us = np.concatenate(self._latencies_us) if self._latencies_us else np.array([])
        self._latencies_us = []
        quantiles = np.percentile(latencies_us, (50, 95, 99)).tolist() if len(latencies_us) else (None, None, None)
        return {
            "requests": int(self._outcomes.sum()),
            "outcomes": {outcome.name.lower(): int(self._outcomes[outcome]) for outcome in Outcome if self._outcomes[outcome]},
            "statuses": {str(status): int(self._statuses[status]) for status in np.flatnonzero(self._statuses[1:]) + 1},
            **{
                name: None if us is None else round(us / 1000, 3)
                for name, us in zip(("p50_ms", "p95_ms", "p99_ms"), quantiles, strict=True)
            },
        }
