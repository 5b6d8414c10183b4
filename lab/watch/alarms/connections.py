"""``connections``: the target has many open, or most of those that it may have."""

from __future__ import annotations

from lab.drill.model import ConnectionsAlarm
from lab.history.model.events import AcceptEvent
from lab.watch.alarms.standing import Held, Standing, percent


class ConnectionsRule:
    """``connections: {above, for}``: those that the target has accepted, by the latest reading; a share is one of its setting
    max_connections as it was then. What waits in the accept queue is the rule ``queue``'s.
    """

    def __init__(self, rule: ConnectionsAlarm) -> None:
        self._above = rule.above
        self._held = Held("connections", rule.for_)
        self._now = AcceptEvent(t_ns=0)

    def read(self, reading: AcceptEvent) -> None:
        self._now = reading

    def standing(self, now_ns: int) -> Standing | None:
        """The alarm as it stands at ``now_ns``, or None."""
        return self._held.told(self._share() if self._above.of_limit else self._number(), now_ns)

    def _number(self) -> str | None:
        now = self._now.connections
        return f"connections {now} > {self._above.number:g}" if now > self._above.number else None

    def _share(self) -> str | None:
        now, most = self._now.connections, self._now.most
        if not most or now <= self._above.number * most:
            return None
        return f"connections {now} of {most} ({percent(now / most)}) > {percent(self._above.number)}"
