"""What an executor's plan is made of. All instants are in ns since the load's begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lab.nanoseconds import NS_PER_S

FOREVER_NS = 1 << 62
"""Later than any stage ends."""
Instants = npt.NDArray[np.int64]


def ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)


@dataclass(frozen=True)
class Life:
    """A user begins iterations from ``begin_ns`` to before ``end_ns``; one that still runs at ``cut_ns`` is cut."""

    begin_ns: int = 0
    end_ns: int = FOREVER_NS
    cut_ns: int = FOREVER_NS


def cuts(lives: Sequence[Life]) -> tuple[int, ...]:
    """When an iteration that was begun in each life is cut: one that is still wanted in the next goes on with that one's."""
    if len(lives) == 1:
        return (lives[0].cut_ns,)
    found: list[int] = []
    for life, after in zip(reversed(lives), [None, *reversed(lives)], strict=False):
        found.append(found[-1] if after is not None and after.begin_ns <= life.cut_ns else life.cut_ns)
    return tuple(reversed(found))


@dataclass(frozen=True)
class Closed:
    """Users who wait for each answer. ``lives``: of each VU, in order of time. At most ``shared`` iterations by all of
    them together (first come, first served), at most ``each`` by one; None: no limit."""

    lives: Mapping[int, tuple[Life, ...]]
    shared: int | None = None
    each: int | None = None

    def cut_at_once(self) -> tuple[Closed, int]:
        """The same for users who are never cut, and when all of them are, where that is one instant; else unchanged, and
        :data:`FOREVER_NS`. A timer for each of 300 users is a twentieth of what they cost in a burst [M].
        """
        several = set(self.lives.values())
        if len(several) != 1 or len(alike := next(iter(several))) != 1:
            return self, FOREVER_NS
        return replace(self, lives=dict.fromkeys(self.lives, (replace(alike[0], cut_ns=FOREVER_NS),))), alike[0].cut_ns

    @property
    def planned(self) -> int | None:
        """Iterations that there shall be; None: as many as they manage."""
        return self.shared if self.each is None else self.each * len(self.lives)


@dataclass(frozen=True)
class Open:
    """Iterations that are due at ``due_ns`` (ascending), whoever is free then; nobody free: dropped.

    ``vus`` are there from the start; each drop makes one more, of ``spare``. What runs at ``cut_ns`` is cut.
    """

    arrivals: Arrivals
    vus: tuple[int, ...]
    spare: tuple[int, ...] = ()
    cut_ns: int = FOREVER_NS


class Arrivals:
    """Due instants, made piece by piece: an hour at 3,000/s is 10 million, and none is needed long before its time."""

    PIECE = 4096

    def __init__(self, count: int, shard: int = 0, shards: int = 1) -> None:
        """``count``: of all shards; this one takes every ``shards``-th."""
        self._count, self._shard, self._shards = count, shard, shards

    def at(self, i: Instants) -> Instants:
        """When the iterations ``i`` (0, 1, …) are due."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[int]:
        for first in range(self._shard, self._count, self.PIECE * self._shards):
            last = min(first + self.PIECE * self._shards, self._count)
            yield from self.at(np.arange(first, last, self._shards, dtype=np.int64)).tolist()

    def __len__(self) -> int:
        return len(range(self._shard, self._count, self._shards))


def of_shard(vus: int, shard: int, shards: int) -> tuple[int, ...]:
    """The users of one shard: every ``shards``-th, so that shards differ by one at most."""
    return tuple(range(shard, vus, shards))
