"""What a script checked, counted by name."""

from __future__ import annotations

from collections import Counter

MOST_NAMES = 1000
"""A script that puts a key into the name has as many as it has requests: what comes later is counted together."""
OTHERS = "others"


class CheckCounts:
    def __init__(self) -> None:
        self._counts: dict[str, Counter[bool]] = {}

    def count(self, name: str, held: bool) -> None:
        if name not in self._counts and len(self._counts) >= MOST_NAMES:
            name = OTHERS
        self._counts.setdefault(name, Counter())[held] += 1

    def told(self) -> dict[str, list[int]]:
        """For the tick: how often each held, and did not."""
        return {name: [counts[True], counts[False]] for name, counts in self._counts.items()}
