"""How many iterations may still begin: what the users of a shard in a closed loop take from."""

from __future__ import annotations

from lab.load.executors.schedule import Closed


class Allowance:
    """One counter for all, one for each user, or none at all."""

    def __init__(self, plan: Closed) -> None:
        self._shared = plan.shared
        self._each = None if plan.each is None else dict.fromkeys(plan.lives, plan.each)

    def take(self, vu: int) -> bool:
        """May this user begin another iteration? If so, it is taken."""
        if self._shared is not None:
            if self._shared == 0:
                return False
            self._shared -= 1
        elif self._each is not None:
            if self._each[vu] == 0:
                return False
            self._each[vu] -= 1
        return True

    @property
    def left(self) -> int:
        """Planned, and never begun; 0 where there is nothing to count."""
        return (self._shared or 0) + sum(self._each.values() if self._each else ())
