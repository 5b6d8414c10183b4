"""What a client of the comparison is: a name, how to get it, its command, and a function that runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.place import Place
from benchmarks.programs import Ended, Failed


@dataclass(frozen=True)
class Sample:
    """One run. ``wall_s``: of the whole process; ``p50_ms``: as the client reports it, where the measure asks for it."""

    requests: int
    cpu_s: float
    wall_s: float
    p50_ms: float = 0.0

    @property
    def per_cpu_s(self) -> float:
        return self.requests / self.cpu_s


@dataclass(frozen=True)
class Client:
    """``version`` raises NotHere, with the way to get it, where it is missing; ``closed(place, vus, seconds)`` runs it with
    users who each send the one request again as soon as its answer is there. ``command`` is for readers.
    """

    name: str
    version: Callable[[], str]
    closed: Callable[[Place, int, float], Sample]
    command: Callable[[int, float], str]


def sample(place: Place, vus: int, before: int, ended: Ended, requests: int, failed: int, p50_ms: float = 0.0) -> Sample:
    """Raises Failed when an answer was not as expected, or when what the client counted is not what nginx served.

    Each user may have one request in flight when its time is over, served and not counted.
    """
    served = place.served_since(before)
    if failed or not 0 <= served - requests <= vus:
        raise Failed(f"{requests} requests, {failed} of them failed; nginx served {served} of {vus} users")
    return Sample(requests, ended.cpu_s, ended.wall_s, p50_ms)


def last_json(ended: Ended) -> dict[str, Any]:
    """The last line that a client printed."""
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found
