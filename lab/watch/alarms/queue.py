"""``queue``: the accept queue fills. Under a ramp it tells before a client notices; an instant peak it cannot foretell."""

from __future__ import annotations

from lab.drill.model import QueueAlarm
from lab.history.model.events import AcceptEvent
from lab.watch.alarms.standing import Held, Standing, percent


class QueueRule:
    """``queue: {above, for}``: waiting connections over the queue's limit, by the latest reading. It may exceed 100 %: the
    kernel holds one more than the limit. Blind where the target takes every connection at once and lets it wait inside.
    """

    def __init__(self, rule: QueueAlarm) -> None:
        self._above = rule.above
        self._held = Held("queue", rule.for_)
        self._now = AcceptEvent(t_ns=0)

    def read(self, reading: AcceptEvent) -> None:
        self._now = reading

    def standing(self, now_ns: int) -> Standing | None:
        """The alarm as it stands at ``now_ns``, or None. A target that does not listen has no queue."""
        return self._held.told(self._text(), now_ns)

    def _text(self) -> str | None:
        waiting, limit = self._now.waiting, self._now.limit
        if not limit or waiting <= self._above * limit:
            return None
        return f"queue {waiting} of {limit} ({percent(waiting / limit)}) > {percent(self._above)}"
