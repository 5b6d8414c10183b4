"""The users of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Literal

from lab.drill.model.noun import FileNoun
from lab.drill.units import Level, PerSecond, Seconds, Share

Executor = Literal[
    "shared-iterations", "per-vu-iterations", "constant-vus", "ramping-vus", "constant-arrival-rate", "ramping-arrival-rate", "k6"
]
"""The last is a script for the real k6, which has executors of its own."""
LONGEST_K6_S = 3600.0
"""A script that has not ended by then is ended, unless ``duration`` says otherwise."""


@dataclass(frozen=True, kw_only=True)
class Ramp(FileNoun):
    """Within ``over`` in a straight line to ``to`` users, or iterations per second. A file writes ``{30s: 300}``."""

    over: Seconds
    to: Level


@dataclass(frozen=True, kw_only=True)
class Load(FileNoun):
    """The users. ``request`` names requests of the target with their weights.

    Executors and their words are k6's (docs/k6.md has the differences). Without a ``duration``, ``constant-vus`` and
    ``constant-arrival-rate`` run as long as their stage. ``vus`` of an arrival rate are those that are there from the
    start; ``max_vus`` (default: the same) how many there may be.
    """

    other_words: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "preAllocatedVUs": "vus",
            "maxVUs": "max_vus",
            "startVUs": "start_vus",
            "startRate": "start_rate: 10/s",
            "timeUnit": "rate: 100/s",
            "stages": "ramp: [{30s: 300}]",
            "startTime": "start_time",
            "maxDuration": "max_duration",
            "gracefulStop": "graceful_stop",
            "gracefulRampDown": "graceful_ramp_down",
            "exec": "request",
        }
    )
    """k6's."""

    executor: Executor
    k6: str | None = None
    """Path of the script, from the working directory. A file writes ``load: {k6: shop.js}``, without an executor."""
    python: str | None = None
    """Path of a script with ``async def iteration(s)``, in place of ``request``."""
    vus: int = 1
    iterations: int | None = None
    max_duration: Seconds = 600.0
    duration: Seconds | None = None
    ramp: tuple[Ramp, ...] = ()
    start_vus: int = 1
    rate: PerSecond | None = None
    start_rate: Level = 0.0
    max_vus: int | None = None
    start_time: Seconds = 0.0
    graceful_stop: Seconds = 30.0
    graceful_ramp_down: Seconds = 30.0
    request: Mapping[str, int] = field(default_factory=dict)
    connections: Literal["kept", "fresh"] = "kept"
    round_trip: Seconds = 0.0
    connect_timeout: Seconds = 5.0
    timeout: Seconds = 5.0
    pause_after_error: Seconds = 0.1
    jitter: Share = 0.0

    @property
    def length_s(self) -> float | None:
        """From the load's begin until no iteration begins any more, at the latest; None: as long as its stage."""
        match self.executor:
            case "shared-iterations" | "per-vu-iterations":
                return self.start_time + self.max_duration
            case "ramping-vus" | "ramping-arrival-rate":
                return self.start_time + sum(ramp.over for ramp in self.ramp)
        if self.executor == "k6":
            return self.duration or LONGEST_K6_S
        return None if self.duration is None else self.start_time + self.duration

    @property
    def most_vus(self) -> int:
        """Users that there can be at a time."""
        if self.executor == "ramping-vus":
            return max(self.start_vus, *(round(ramp.to) for ramp in self.ramp)) if self.ramp else self.start_vus
        return max(self.vus, self.max_vus or 0)

    @property
    def scripted(self) -> bool:
        """A script says what is asked, and checks the answers itself."""
        return self.executor == "k6" or self.python is not None

    @property
    def closed(self) -> bool:
        """A user waits for its answer before it asks again: a slow service is asked less. Of a k6 script nobody knows."""
        return self.executor != "k6" and not self.executor.endswith("arrival-rate")
