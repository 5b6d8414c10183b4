"""How many iterations may still begin: what all users of a shard take from."""

from __future__ import annotations

from lab.clock import Clock
from lab.load.executors.users import SharedCounter, UntilStopped
from lab.nanoseconds import NS_PER_S


class Allowance:
    """``left`` is 0 where there is nothing to count."""

    def __init__(self, allowed: UntilStopped | SharedCounter, start_ns: int, clock: Clock) -> None:
        self._counted = isinstance(allowed, SharedCounter)
        self._clock = clock
        self._ended = False
        self._until_ns = 0
        self.left = 0
        if isinstance(allowed, SharedCounter):
            self.left = allowed.iterations
            self._until_ns = start_ns + round(allowed.max_duration_s * NS_PER_S)

    def take(self) -> bool:
        """May another iteration begin now? If so, it is taken."""
        if self._ended:
            return False
        if not self._counted:
            return True
        if self.left == 0 or self._clock.now_ns() >= self._until_ns:
            return False
        self.left -= 1
        return True

    def end(self) -> None:
        """No iteration may begin any more."""
        self._ended = True
