"""``errors``: too many of the probe's requests are bad."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from lab.drill.model import ErrorsAlarm
from lab.judge.known import CLASSES
from lab.nanoseconds import NS_PER_S
from lab.watch.alarms.standing import Held, Standing


@dataclass
class _Window:
    """Known requests of one class in the last ``over``."""

    requests: deque[tuple[int, bool]] = field(default_factory=deque)
    bad: int = 0

    def add(self, known_ns: int, bad: bool) -> None:
        self.requests.append((known_ns, bad))
        self.bad += bad

    def forget_before(self, t_ns: int) -> None:
        while self.requests and self.requests[0][0] <= t_ns:
            self.bad -= self.requests.popleft()[1]

    def share(self, at_least: int) -> float:
        return self.bad / len(self.requests) if len(self.requests) >= at_least else 0.0


class ErrorsRule:
    """``errors: {above, over, for}``: share of bad, in the worst class, of at least ``at_least`` requests."""

    def __init__(self, rule: ErrorsAlarm) -> None:
        self._rule = rule
        self._over_ns = round(rule.over * NS_PER_S)
        self._windows = {name: _Window() for name in CLASSES}
        self._held = Held("errors", rule.for_, rule.over)

    def add(self, known_ns: int, classes: tuple[str, ...], bad: bool) -> None:
        """A request became known; ``classes`` are those it counts in. Call in known order."""
        for name in classes:
            self._windows[name].add(known_ns, bad)

    def standing(self, now_ns: int) -> Standing | None:
        """The alarm as it stands at ``now_ns``, or None."""
        for window in self._windows.values():
            window.forget_before(now_ns - self._over_ns)
        worst, share = max(((n, w.share(self._rule.at_least)) for n, w in self._windows.items()), key=lambda pair: pair[1])
        text = f"errors {share:.0%} of {worst} > {self._rule.above:.0%}"
        return self._held.told(text if share > self._rule.above else None, now_ns)
