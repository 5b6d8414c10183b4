"""An answer that a request did not expect, as far as it may be written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from lab.history.model import redact


@dataclass(frozen=True, kw_only=True)
class Unexpected:
    """``t_ns``: its end, since t0. ``scenario``, ``request`` and ``outcome`` as in its row. Without an answer: no status."""

    t_ns: int
    scenario: int
    request: int
    vu: int
    outcome: int
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @classmethod
    def redacted(cls, *, headers: Mapping[str, str], body: bytes, **known: int) -> Unexpected:
        text = body[: redact.MOST_BYTES].decode("utf-8", "replace")
        return cls(headers=redact.headers(headers), body=redact.body(text), **known)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str | bytes) -> Unexpected:
        """Raises ValueError when the line holds something else."""
        try:
            return cls(**json.loads(line))
        except TypeError as error:
            raise ValueError(f"not an unexpected answer: {line[:80]!r}") from error
