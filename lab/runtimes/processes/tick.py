"""What a load shard says of itself once a second, and a last time at its end: one line of JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Tick:
    """``t_ns`` since t0; ``requests`` and ``outcomes`` since the load's start; ``p50_ms``, … since the tick before.

    ``cpu_s`` used by its process since it has its plan. ``error``: why it could not go on, at the end only.
    """

    t_ns: int = 0
    requests: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    p95_ms: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    statuses: Mapping[str, int] = field(default_factory=dict)
    vus: int = 0
    checks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    script_errors: Mapping[str, int] = field(default_factory=dict)
    late_ms: float = 0.0
    cpu_s: float = 0.0
    error: str = ""


def tick_of(line: bytes) -> Tick:
    """The tick in one line. Raises ValueError when it is none: only a shard of ours writes there."""
    said: Any = json.loads(line)
    try:
        return Tick(
            t_ns=int(said["t"]),
            requests=int(said["requests"]),
            outcomes=said["outcomes"],
            p95_ms=float(said["p95_ms"] or 0.0),  # None: no request since the tick before
            p50_ms=float(said["p50_ms"] or 0.0),
            p99_ms=float(said["p99_ms"] or 0.0),
            statuses=said["statuses"],
            vus=int(said.get("vus", 0)),
            checks={name: (held, not_held) for name, (held, not_held) in said.get("checks", {}).items()},
            script_errors=said.get("script_errors", {}),
            late_ms=float(said["late_ms"]),
            cpu_s=float(said["cpu_s"]),
            error=str(said.get("error", "")),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a tick of a load shard: {line!r} ({error!r})") from error
