"""``overflows``: the kernel dropped connections. A sure sign of the cause, though never an early one."""

from __future__ import annotations

from collections import deque

from lab.drill.model import OverflowsAlarm
from lab.drill.units import format_duration
from lab.history.model.events import AcceptEvent
from lab.nanoseconds import NS_PER_S
from lab.watch.alarms.standing import Held, Standing


class OverflowsRule:
    """``overflows: {above, over, for}``: by how much the counter of drops rose in the last ``over``.

    The first reading only says where the counter began. So does one that is
    lower than the one before: a restart takes the counter of a listener with it.
    """

    def __init__(self, rule: OverflowsAlarm) -> None:
        self._rule = rule
        self._over_ns = round(rule.over * NS_PER_S)
        self._held = Held("overflows", rule.for_, rule.over)
        self._last: int | None = None
        self._rises: deque[tuple[int, int]] = deque()

    def read(self, reading: AcceptEvent) -> None:
        """While nothing listens there is no counter."""
        if not reading.limit:
            return
        if self._last is not None and reading.drops > self._last:
            self._rises.append((reading.t_ns, reading.drops - self._last))
        self._last = reading.drops

    def standing(self, now_ns: int) -> Standing | None:
        """The alarm as it stands at ``now_ns``, or None."""
        while self._rises and self._rises[0][0] <= now_ns - self._over_ns:
            self._rises.popleft()
        rose = sum(rise for _, rise in self._rises)
        text = f"overflows {rose} in {format_duration(self._rule.over)} > {self._rule.above}"
        return self._held.told(text if rose > self._rule.above else None, now_ns)
