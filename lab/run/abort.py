"""Thresholds that end a load test at once: looked at every two seconds, as k6 does, over all that its stage recorded so far.

Those of the whole drill are looked at stage by stage here, and held over all stages by the judge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.drill.model import Stage
from lab.drill.thresholds import Threshold, parse_all
from lab.history.model.rows import Rows
from lab.judge.thresholds import crossed
from lab.nanoseconds import NS_PER_S
from lab.run.bench import Bench, LoadSoFar

EVERY_S = 2.0


class Aborted(RuntimeError):
    """A threshold with ``abort`` was crossed: the stage ends, and the run with it."""


@dataclass
class AbortWatch:
    """Of one stage. ``begin_ns``: the load's first instant."""

    bench: Bench
    stage: Stage
    index: int
    begin_ns: int
    so_far: Rows = field(default_factory=lambda: Rows.of([]))

    @property
    def thresholds(self) -> Sequence[Threshold]:
        both = (*parse_all(self.bench.plan.drill.thresholds), *parse_all(self.stage.thresholds))
        return [each for each in both if each.abort]

    async def run(self) -> None:
        """Raises Aborted; returns at once when no threshold of the stage, or of the drill, aborts."""
        thresholds = self.thresholds
        if not thresholds:
            return
        load = self.bench.load_so_far(self.index)
        while True:
            await asyncio.sleep(EVERY_S)
            elapsed_s = (self.bench.room.clock.now_ns() - self.begin_ns) / NS_PER_S
            due = [each for each in thresholds if elapsed_s >= each.delay_abort_s]
            if found := await asyncio.to_thread(self._crossed, load, due, elapsed_s):
                raise Aborted(f"threshold {found.text} was crossed after {elapsed_s:.0f} s")

    def _crossed(self, load: LoadSoFar, thresholds: Sequence[Threshold], elapsed_s: float) -> Threshold | None:
        """In a thread: ten million rows take a tenth of a second."""
        self.so_far = Rows.concat([self.so_far, load()])
        drill = self.bench.plan.drill
        return crossed(
            thresholds,
            self.so_far,
            scenario_names=[stage.stage for stage in drill.stages],
            request_names=list(drill.target.requests),
            duration_s=elapsed_s,
            scripts={self.index: {}} if self.stage.load and self.stage.load.scripted else {},
        )
