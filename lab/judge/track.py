"""One stream of requests (a class, or the users): its outages, one after the other.

Detection reads in *known* order (what was provable, when), confirmation in *due* order (in known order a hang heals
``slow`` too late). Both only ever look at a prefix that no later row can change, so live and stored agree.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lab.judge.changepoint import recovery, worsening
from lab.judge.detector import MirrorFold, MixtureFold
from lab.judge.known import Sight

_Due = tuple[int, int, int, bool]
"""due, via, known, bad: sorts in due order."""


@dataclass(frozen=True)
class Recovery:
    """All instants are due times. It happened after ``last_bad_ns`` and not after ``good_ns``: the upper end counts."""

    last_bad_ns: int
    good_ns: int
    confirmed_ns: int
    settled_ns: int
    """From here on nobody can take it back: every request due by ``confirmed_ns`` was known."""


@dataclass(frozen=True)
class Outage:
    """``onset_ns``: its first bad request was due. ``visible_ns``: it was provable, after ``requests`` of the stream."""

    onset_ns: int
    visible_ns: int
    requests: int
    recovery: Recovery | None = None


class Track:
    """Feed with :meth:`release`; read ``outages``, of which only the last may be open."""

    def __init__(self, *, p0: float, crossing: float, after_ns: int, slow_ns: int) -> None:
        """Requests due at or before ``after_ns`` are not looked at; 2N/α is the ``crossing``."""
        self.outages: list[Outage] = []
        self._p0, self._crossing, self._slow_ns = p0, crossing, slow_ns
        self._armed_ns = after_ns
        self._known: list[Sight] = []
        self._next = 0
        self._mixture = MixtureFold(p0, crossing)
        self._due: list[_Due] = []
        self._mirror = MirrorFold()
        self._mirrored: tuple[int, ...] = ()

    def release(self, sights: Sequence[Sight], watermark_ns: float) -> None:
        """More sights in known order; ``watermark_ns``: none with an earlier known instant will ever come."""
        self._known.extend(sights)
        self._merge(sorted((due, via, known, bad) for known, due, via, bad in sights))
        settled_ns = watermark_ns - self._slow_ns
        while self._confirm(settled_ns) if self._open else self._detect():
            pass

    def _merge(self, due: Sequence[_Due]) -> None:
        """Sorts again only from the earliest new one on. All of them at each beat took 1.2 ms after 80 s at 100/s [M], and more
        with each second, in the loop that lets the responder decide.
        """
        if due:
            at = bisect_left(self._due, due[0])
            self._due[at:] = sorted([*self._due[at:], *due])

    def silent(self, begin_ns: int, end_ns: int) -> bool:
        """No request of this stream was due in [begin, end]."""
        at = bisect_left(self._due, (begin_ns,))
        return at == len(self._due) or self._due[at][0] > end_ns

    @property
    def _open(self) -> bool:
        return bool(self.outages) and self.outages[-1].recovery is None

    def _detect(self) -> bool:
        """Read on in known order; True when an outage has become visible."""
        for at in range(self._next, len(self._known)):
            known_ns, due_ns, _, bad = self._known[at]
            if due_ns > self._armed_ns and self._mixture.add(bad):
                self._next = at + 1
                self.outages.append(self._outage(known_ns))
                self._mirror, self._mirrored = MirrorFold(), (self.outages[-1].onset_ns,)
                return True
        self._next = len(self._known)
        return False

    def _outage(self, visible_ns: int) -> Outage:
        """Its onset, from what was known at the crossing and nothing later."""
        seen = sorted((due, bad) for _, due, _, bad in self._known[: self._next] if due > self._armed_ns)
        first = worsening([bad for _, bad in seen])
        return Outage(seen[first][0], visible_ns, len(seen) - first)

    def _confirm(self, settled_ns: float) -> bool:
        """Read on in due order, as far as everything is known; True when the recovery is confirmed."""
        for at in range(bisect_right(self._due, self._mirrored), len(self._due)):
            row = self._due[at]
            if row[0] >= settled_ns:
                return False
            self._mirrored = row
            if self._mirror.add(row[3]):
                self._recovered(at)
                return True
        return False

    def _recovered(self, at: int) -> None:
        outage, confirmed_ns = self.outages[-1], self._due[at][0]
        rows = self._due[bisect_left(self._due, (outage.onset_ns,)) : at + 1]
        good = recovery([row[3] for row in rows], self._p0, self._crossing)
        last_bad_ns = max((row[0] for row in rows[:good] if row[3]), default=outage.onset_ns)
        found = Recovery(last_bad_ns, rows[good][0], confirmed_ns, confirmed_ns + self._slow_ns)
        self.outages[-1] = replace(outage, recovery=found)
        self._armed_ns, self._mixture = confirmed_ns, MixtureFold(self._p0, self._crossing)
        self._next = bisect_left(self._known, (confirmed_ns,))
