"""What the runner knows while a stage runs: rows in known order, the live fold, alarms raised and cleared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from lab.clock import Clock
from lab.drill.model import Alarms, Stage
from lab.history.model.events import AcceptEvent, AlarmEvent, Event, HealthEvent, StallEvent
from lab.history.model.rows import Row
from lab.judge.known import LATE_NS, Stall
from lab.judge.live import LiveFold
from lab.nanoseconds import NS_PER_MS, NS_PER_S
from lab.watch.alarms import Rules, Standing
from lab.watch.probe import Probe

BEAT_NS = 10 * NS_PER_MS
"""Between two beats."""


class Watcher:
    """One stage. ``beat`` is to be called every 10 ms; a beat that comes late is a stall of the probe's loop.

    ``emit`` records an event. ``recovered`` is set when the live fold is clear: the fault's outage was
    seen and every class that it affected has recovered. What it is told of comes with the instant of its event, so that the
    judge, who reads the events, sees the same.
    """

    def __init__(
        self, stage: Stage, clock: Clock, emit: Callable[[Event], None], keep_row: Callable[[Row], None], planned: int
    ) -> None:
        self._clock = clock
        self._emit = emit
        self._keep_row = keep_row
        self._fold = LiveFold(stage.probe, planned, 0)
        self._rules = Rules(stage.alarm or Alarms())
        self._tells_deaths = bool(stage.alarm and stage.alarm.died)
        self._died_ns: int | None = None
        self._raised: dict[str, Standing] = {}
        self._last_beat_ns: int | None = None
        self._probe: Probe | None = None
        self.recovered = asyncio.Event()

    def attach(self, probe: Probe) -> None:
        """The probe whose requests in flight bound what can still become known."""
        self._probe = probe

    def on_row(self, row: Row) -> None:
        self._keep_row(row)
        self._fold.feed(row)

    def baseline_begins(self, begin_ns: int) -> None:
        self._fold.baseline_begins(begin_ns)

    def injected(self, begin_ns: int) -> None:
        self._fold.injected(begin_ns)

    def acted(self, begin_ns: int) -> None:
        self._fold.acted(begin_ns)

    def read(self, reading: AcceptEvent) -> None:
        """What the target's listener holds: recorded, so that the rules can be played again."""
        self._emit(reading)
        self._rules.read(reading)

    def answered(self, answer: HealthEvent) -> None:
        """What the target's health check said: recorded, so that the rule can be played again."""
        self._emit(answer)
        self._rules.answered(answer)

    def target_died(self) -> None:
        self._died_ns = self._clock.now_ns()

    def target_is_back(self) -> None:
        self._died_ns = None

    async def recovers_within(self, seconds: float) -> bool:
        """Waits for the recovery; False when it has not come by then."""
        try:
            await asyncio.wait_for(self.recovered.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def beat(self) -> Sequence[Standing]:
        """Releases what is known by now; returns the alarms that stand."""
        now_ns = self._clock.now_ns()
        self._notice_stall(now_ns)
        self._release(self._probe.earliest_unknown_ns(now_ns) if self._probe else now_ns)
        standing = self._standing(now_ns)
        self._record(standing, now_ns)
        return standing

    def finish(self) -> None:
        """The probe has drained: everything is known."""
        self._release(self._clock.now_ns() + NS_PER_S)

    def _notice_stall(self, now_ns: int) -> None:
        last_ns = self._last_beat_ns
        self._last_beat_ns = now_ns
        if last_ns is not None and now_ns - last_ns - BEAT_NS > LATE_NS:
            self._emit(StallEvent(t_ns=last_ns, lasted_ns=now_ns - last_ns))
            self._fold.stall(Stall(last_ns, now_ns))

    def _release(self, watermark_ns: int) -> None:
        for seen in self._fold.advance(watermark_ns):
            self._rules.known(seen)
        if self._fold.clear:
            self.recovered.set()

    def _standing(self, now_ns: int) -> list[Standing]:
        standing = []
        if self._tells_deaths and self._died_ns is not None:
            standing.append(Standing("died", self._died_ns, self._died_ns, "the target's process ended"))
        return [*standing, *self._rules.standing(now_ns)]

    def _record(self, standing: Sequence[Standing], now_ns: int) -> None:
        now_raised = {alarm.alarm: alarm for alarm in standing}
        for name, alarm in now_raised.items():
            if name not in self._raised:
                self._emit(AlarmEvent(t_ns=now_ns, phase="begin", alarm=name, text=alarm.text))
        for name in self._raised.keys() - now_raised.keys():
            self._emit(AlarmEvent(t_ns=now_ns, phase="end", alarm=name))
        self._raised = now_raised
