"""The alarm rules of a stage, together: told once, they say which alarms stand."""

from __future__ import annotations

from collections.abc import Sequence

from lab.drill.model import Alarms
from lab.history.model.events import AcceptEvent, HealthEvent
from lab.judge.known import Sight, classes_of
from lab.watch.alarms.connections import ConnectionsRule
from lab.watch.alarms.errors import ErrorsRule
from lab.watch.alarms.health import HealthRule
from lab.watch.alarms.latency import LatencyRule
from lab.watch.alarms.overflows import OverflowsRule
from lab.watch.alarms.queue import QueueRule
from lab.watch.alarms.standing import Standing


class Rules:
    """Those of ``alarms`` but ``died``, which is no fold. Call everything in the order of its time."""

    def __init__(self, alarms: Alarms) -> None:
        self._errors = ErrorsRule(alarms.errors) if alarms.errors else None
        self._latency = LatencyRule(alarms.latency) if alarms.latency else None
        self._health = HealthRule(alarms.health) if alarms.health else None
        self._of_listener: list[QueueRule | ConnectionsRule | OverflowsRule] = [
            *([QueueRule(alarms.queue)] if alarms.queue else []),
            *([ConnectionsRule(alarms.connections)] if alarms.connections else []),
            *([OverflowsRule(alarms.overflows)] if alarms.overflows else []),
        ]

    def known(self, seen: Sight) -> None:
        """A punctual request of the probe became known."""
        if self._errors is not None:
            self._errors.add(seen.known_ns, classes_of(seen.via), seen.bad)
        if self._latency is not None:
            self._latency.add(seen.known_ns, seen.due_ns)

    def read(self, reading: AcceptEvent) -> None:
        """What the target's listener holds."""
        for rule in self._of_listener:
            rule.read(reading)

    def answered(self, answer: HealthEvent) -> None:
        """What the target's health check said."""
        if self._health is not None:
            self._health.add(answer)

    def standing(self, now_ns: int) -> Sequence[Standing]:
        """The alarms that stand at ``now_ns``."""
        rules = [rule for rule in (self._errors, self._latency, self._health, *self._of_listener) if rule is not None]
        return [alarm for rule in rules if (alarm := rule.standing(now_ns)) is not None]
