"""A whole run of the benchmark as data: what ``results.json`` holds and the table is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from benchmarks.figures import Claim, Spread, Target


@dataclass(frozen=True, kw_only=True)
class Series:
    """One figure of one client over the rounds, and the command that made it; none where the client was not here."""

    measure: str
    client: str
    figure: str
    unit: str
    rounds: tuple[float, ...] = ()
    command: str = ""
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Results:
    date: str
    """UTC."""
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    rounds: int
    wall_s: float
    claims: tuple[Claim, ...]
    series: tuple[Series, ...] = field(default=())


def to_json(results: Results) -> str:
    return json.dumps(asdict(results), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Results:
    """The inverse of :func:`to_json`."""
    values = json.loads(text)
    values["claims"] = tuple(_claim(each) for each in values["claims"])
    values["series"] = tuple(Series(**{**each, "rounds": tuple(each["rounds"])}) for each in values["series"])
    return Results(**values)


def _claim(values: dict[str, object]) -> Claim:
    spread, target = values.pop("spread"), values.pop("target")
    return Claim(
        **values,  # type: ignore[arg-type]  # the file's own fields
        spread=Spread(**spread) if isinstance(spread, dict) else None,
        target=Target(**target) if isinstance(target, dict) else None,
    )
