"""The ledger: what the target had stored at the end, to be held against what clients saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stored:
    """One thing that the target stored: ``request`` is the request's name (``order``), ``key`` the client's key."""

    request: str
    key: int


@dataclass(frozen=True)
class Ledger:
    """``complete`` is False when the target could not be asked: then no invariant can be judged.

    ``limits``: how many of a request may be stored at most (``coupon``: the stock); a request without one has none.
    """

    stored: tuple[Stored, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True
    reason: str = ""
