"""The folds while the stage runs. The judge runs the very same object over the stored rows.

Requests are fed as they complete, in any order; ``advance`` releases them in the order in which they became *known*
(known, due, via), so that what is seen live is what will be read later.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from lab.drill.model import Probe
from lab.history.model.rows import Outcome, Row
from lab.judge.baseline import Baseline, clopper_pearson_upper
from lab.judge.detector import threshold
from lab.judge.known import CLASSES, Bounds, Sight, Stall, is_late, sight
from lab.judge.outages import Episode, episodes
from lab.judge.times import ns
from lab.judge.track import Track


class LiveFold:
    """One stage. Call ``feed`` for each row, ``stall`` when the loop stood still, then ``advance``.

    ``injected`` and ``acted`` tell what the runner did; the baseline ends ``slow`` before the injection begins.
    """

    def __init__(self, probe: Probe, planned: int, baseline_begin_ns: int) -> None:
        """``planned``: N, the probe requests of the longest possible rest of the stage."""
        clopper_pearson_upper(0, 1)  # pays for scipy's import now, not in the runner's loop at the injection
        self._bounds, self._slow_ns = Bounds.of(probe), ns(probe.slow)
        self._crossing = threshold(planned)
        self._spacing_ns = ns(2 / probe.rate)  # half of the requests are of a class
        self._begin_ns = baseline_begin_ns
        self._pending: list[tuple[Sight, int, Row]] = []
        self._fed = 0
        self._before: list[Sight] = []
        self._stalls: list[Stall] = []
        self._injected_ns: int | None = None
        self._acted_ns: int | None = None
        self._watermark_ns: float = -math.inf
        self._tracks: dict[str, Track] = {}
        self.baseline: Baseline | None = None
        """From the first ``advance`` past the injection on."""

    def feed(self, row: Row) -> None:
        """A request is over, or given up. Rows that were cut are not looked at."""
        if row.outcome != Outcome.CUT:
            heapq.heappush(self._pending, (sight(row, self._bounds), self._fed, row))
            self._fed += 1

    def stall(self, stall: Stall) -> None:
        """The loop stood still; tell it before advancing past its end."""
        self._stalls.append(stall)

    def baseline_begins(self, begin_ns: int) -> None:
        """The load has settled: what is due from now on is baseline."""
        self._begin_ns = begin_ns

    def injected(self, begin_ns: int) -> None:
        """Outages are looked for from here on; what was due until ``slow`` before it is the baseline."""
        self._injected_ns = begin_ns

    def acted(self, begin_ns: int) -> None:
        """An action begins; only the first matters."""
        self._acted_ns = begin_ns if self._acted_ns is None else min(begin_ns, self._acted_ns)

    def advance(self, watermark_ns: float) -> Sequence[Sight]:
        """Every row known before ``watermark_ns`` has been fed. Returns the punctual ones that are new, in known order."""
        released = []
        while self._pending and self._pending[0][0].known_ns < watermark_ns:
            seen, _, row = heapq.heappop(self._pending)
            if not is_late(row, seen, self._stalls):
                released.append(seen)
        self._take(released, watermark_ns)
        return released

    def load(self, sights: Sequence[Sight], watermark_ns: float) -> None:
        """The stored way in: punctual sights in known order, all at once; instead of ``feed`` and ``advance``."""
        self._take(sights, watermark_ns)

    def _take(self, sights: Sequence[Sight], watermark_ns: float) -> None:
        self._watermark_ns = max(watermark_ns, self._watermark_ns)
        if not self._tracks:
            self._before.extend(sights)
            if self._injected_ns is None or self._watermark_ns <= self._injected_ns:
                return
            sights = self._arm(self._injected_ns - self._slow_ns)
        for name, track in self._tracks.items():
            track.release([seen for seen in sights if seen.via in CLASSES[name]], self._watermark_ns)

    def _arm(self, end_ns: int) -> Sequence[Sight]:
        """All of the baseline is known by now: fix p0, and start."""
        before = [seen for seen in self._before if self._begin_ns <= seen.due_ns <= end_ns]
        self.baseline = Baseline(self._begin_ns, end_ns, len(before), sum(seen.bad for seen in before))
        p0 = min(self.baseline.p0, 0.5)  # beyond is unknown anyway, but the folds must stay defined
        self._tracks = {name: Track(p0=p0, crossing=self._crossing, after_ns=end_ns, slow_ns=self._slow_ns) for name in CLASSES}
        return self._before

    @property
    def episodes(self) -> tuple[Episode, ...]:
        return episodes(self._tracks, self._acted_ns, self._spacing_ns)

    @property
    def clear(self) -> bool:
        """The fault's outage was seen, every class that it affected has recovered, and nothing can take that back."""
        mine = [episode for episode in self.episodes if episode.caused_by == "fault"]
        return bool(mine) and all(episode.cleared_ns < self._watermark_ns for episode in mine)
