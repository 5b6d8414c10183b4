"""What came of a plan on one side. Pure, but for the question to the server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks.against_k6.plans import Counts, Plan
from benchmarks.against_k6.server import Seen


class TooBusy(Exception):
    """The machine was elsewhere: what that did to which side nobody knows. No figure that is compared has a say in this."""


@dataclass(frozen=True)
class Measured:
    """``starts_s``: when each iteration arrived at the server, in s since the load began, ascending; ``cuts_s``: when those that
    were in flight were cut. ``late_s``: the latest answer, by the server's own clock."""

    counts: Counts
    starts_s: tuple[float, ...]
    cuts_s: tuple[float, ...]
    late_s: float = 0.0

    @classmethod
    def of(cls, seen: Seen, begin_ns: int, finished: int, dropped: int) -> Measured:
        """``seen`` by the server; what was ``finished`` and ``dropped`` only the client can tell."""
        starts_s, cuts_s = (tuple(sorted((ns - begin_ns) / 1e9 for ns in each)) for each in (seen.arrived, seen.cut))
        return cls(Counts(len(starts_s), finished, dropped, len(cuts_s)), starts_s, cuts_s, seen.late / 1e9)

    def since(self, plan: Plan) -> Measured:
        """Counted from the plan's own begin, its start time included."""
        starts_s, cuts_s = (tuple(at_s - plan.after_s for at_s in each) for each in (self.starts_s, self.cuts_s))
        return replace(self, starts_s=starts_s, cuts_s=cuts_s)


def seen_by(port: int) -> Mapping[str, Seen]:
    """By the plan's name."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/seen", timeout=10) as answer:
        return {name: Seen(**each) for name, each in json.load(answer).items()}
