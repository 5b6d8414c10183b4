"""What a record says of the measures of one drill, for whoever tells of a run of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Found = Mapping[tuple[str, str], tuple["FoundProof", ...]]
"""By stage and measure."""
ANY_STAGE = ""
"""Of a claim about a drill with one stage, which need not name it."""


@dataclass(frozen=True)
class FoundProof:
    """``claim``: its id in the document; ``date``: ``2026-11-25``; ``expired`` by the day on which it is told."""

    claim: str
    result: str
    date: str
    record: str
    expired: bool


def of_measures(record: Mapping[str, Any], file: str, drill: str, today: str) -> Iterator[tuple[tuple[str, str], FoundProof]]:
    """((stage, measure), proof) of each claim of which the arms differ in that measure being left out. ``file``: its name."""
    expired = bool(record["expires"]) and today > record["expires"]
    for claim in record["claims"]:
        if claim["drill"] == drill:
            proof = FoundProof(claim["id"], claim["result"], record["date"], file, expired)
            for measure in sorted({*claim["without"]["without"]} - {*claim["with"]["without"]}):
                yield (claim["stage"] or ANY_STAGE, measure), proof


def told(found: Found, stage: str, measure: str) -> tuple[FoundProof, ...]:
    return found.get((stage, measure), ()) + found.get((ANY_STAGE, measure), ())
