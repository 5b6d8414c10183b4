"""From nanoseconds since t0 to a wall clock and an offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lab.judge.times import ns
from lab.nanoseconds import NS_PER_S, NS_PER_US
from lab.report.incident.model import Moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall(epoch_ns: int, t_ns: int) -> datetime:
    """``epoch_ns``: the wall clock at t0. To the µs, in integers: a float of 2026 in ns has lost its last 250."""
    return _EPOCH + timedelta(microseconds=(epoch_ns + t_ns) // NS_PER_US)


@dataclass(frozen=True)
class Instants:
    """Those of one stage. ``zero_ns``: its injection."""

    epoch_ns: int
    zero_ns: int

    def at_ns(self, t_ns: int) -> Moment:
        return Moment(wall=wall(self.epoch_ns, t_ns), since_s=(t_ns - self.zero_ns) / NS_PER_S)

    def at(self, seconds: float) -> Moment:
        """Of a verdict's seconds."""
        return self.at_ns(ns(seconds))

    def at_or_none(self, seconds: float | None) -> Moment | None:
        return None if seconds is None else self.at(seconds)
