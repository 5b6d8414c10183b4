"""``latency``: the probe's requests take long, good or bad, counted from when they were due."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from lab.drill.model import LatencyAlarm
from lab.drill.units import format_percentile
from lab.nanoseconds import NS_PER_MS, NS_PER_S
from lab.watch.alarms.standing import Held, Standing


class LatencyRule:
    """``latency: {above, of, over, for}``: a percentile by nearest rank, of at least ``at_least`` known requests.

    A request that was given up took as long as until then, one that failed at once no longer than that: it is the rule
    ``errors`` that tells of it.
    """

    def __init__(self, rule: LatencyAlarm) -> None:
        self._rule = rule
        self._over_ns = round(rule.over * NS_PER_S)
        self._held = Held("latency", rule.for_, rule.over)
        self._known: deque[tuple[int, int]] = deque()
        self._sorted: list[int] = []

    def add(self, known_ns: int, due_ns: int) -> None:
        """A request became known. Call in known order."""
        self._known.append((known_ns, known_ns - due_ns))
        insort(self._sorted, known_ns - due_ns)

    def standing(self, now_ns: int) -> Standing | None:
        """The alarm as it stands at ``now_ns``, or None."""
        while self._known and self._known[0][0] <= now_ns - self._over_ns:
            _, took_ns = self._known.popleft()
            del self._sorted[bisect_left(self._sorted, took_ns)]
        return self._held.told(self._text(), now_ns)

    def _text(self) -> str | None:
        if len(self._sorted) < self._rule.at_least:
            return None
        # 0.07 × 100 is 7.000000000000001: rounded, or it would be the 8th
        took_ns = self._sorted[math.ceil(round(self._rule.of * len(self._sorted), 9)) - 1]
        if took_ns <= self._rule.above * NS_PER_S:
            return None
        of = format_percentile(self._rule.of)
        return f"latency {of} {took_ns / NS_PER_MS:.0f} ms > {self._rule.above * 1000:g} ms"
