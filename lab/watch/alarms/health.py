"""``health``: the target's health check gives no good answer. It finds what stands still before clients time out."""

from __future__ import annotations

from lab.drill.model import HealthAlarm
from lab.drill.units import format_duration
from lab.history.model.events import HealthEvent
from lab.watch.alarms.standing import Standing


class HealthRule:
    """``health: {every, timeout, misses}``: raised with the answer that is one too many, over with the first good one.

    What we asked too late to tell (our own loop stood still over the time-out) neither counts nor breaks the row.
    """

    def __init__(self, rule: HealthAlarm) -> None:
        self._rule = rule
        self._missed = 0
        self._first_asked_ns = 0
        self._raised_ns = 0
        self._said = ""

    def add(self, answer: HealthEvent) -> None:
        """In the order of their ends."""
        if answer.late:
            return
        if not answer.said:
            self._missed = 0
            return
        self._missed += 1
        self._said = answer.said
        if self._missed == 1:
            self._first_asked_ns = answer.asked_ns
        if self._missed == self._rule.misses:
            self._raised_ns = answer.t_ns

    def standing(self, now_ns: int) -> Standing | None:  # noqa: ARG002 - asked as every rule is
        """The alarm as it stands at ``now_ns``, or None."""
        if self._missed < self._rule.misses:
            return None
        text = f"health {self._missed} × no good answer in {format_duration(self._rule.timeout)} ({self._said})"
        return Standing("health", self._raised_ns, self._first_asked_ns, text)
