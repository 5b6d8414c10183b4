"""All that one shard of a load is told: a line of JSON on its standard input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from lab.drill.model import Load, Ramp, Request


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """Shard ``shard`` of ``shards`` starts its users at ``start_ns`` (since t0, CLOCK_MONOTONIC ``t0_ns``).

    ``requests``: (index in the target's requests, name, request) of those that the load names. ``scenario``: index of
    the stage. ``first_key``: of a block of request keys that nobody else uses. ``rows``: path of the file to write,
    which must not exist yet; ``unexpected``: the same for the first answers of each kind that nobody expected.
    ``headers`` go into every request.
    """

    shard: int
    shards: int
    start_ns: int
    t0_ns: int
    host: str
    port: int
    tls: bool = False
    load: Load
    requests: tuple[tuple[int, str, Request], ...]
    scenario: int
    seed: int
    run: str
    first_key: int
    rows: str
    unexpected: str = ""
    headers: Mapping[str, str]

    def to_json(self) -> str:
        """One line. By hand, not by pydantic, whose import would delay the start of every shard."""
        return json.dumps(_fields_of(self), default=_plain, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str | bytes) -> ShardPlan:
        """The inverse of :meth:`to_json`. Raises ValueError when the line holds something else."""
        try:
            values = json.loads(line)
            ramp = tuple(Ramp(**each) for each in values["load"].pop("ramp"))
            values["load"] = Load(**values["load"], ramp=ramp)
            values["requests"] = tuple((index, name, _request(request)) for index, name, request in values["requests"])
            return cls(**values)
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"not a shard's plan: {line[:200]!r} ({error})") from error


def _request(values: dict[str, Any]) -> Request:
    return Request(**{**values, "expect": tuple(values["expect"])})


def _plain(value: object) -> dict[str, Any]:
    """What json cannot write by itself: dataclasses and mappings that are no dict."""
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value):
        return _fields_of(value)
    raise TypeError(f"{value!r} cannot stand in a plan")


def _fields_of(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}
