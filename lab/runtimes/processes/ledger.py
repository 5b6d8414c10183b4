"""What a target answers when it is asked for its ledger, which may be anybody's service: checked, then taken. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lab.history.model.ledger import Ledger, Stored

EXPECTED = 'expected {"stored": {request: [key, …]}, "limits": {request: number}}'
KEY_DIGITS = 8  # hex digits at the end of an idempotency key that are the lab's own key of the request
_ENDS_IN_HEX = re.compile(rf"[0-9a-fA-F]{{{KEY_DIGITS}}}\Z")


def ledger_of(answer: object) -> Ledger:
    """The ledger in a parsed JSON answer; ``limits`` may be left out. Raises ValueError, with what was expected."""
    if not isinstance(answer, dict) or not isinstance(answer.get("stored"), dict):
        raise ValueError(f"{EXPECTED}, not {_short(answer)}")
    return Ledger(stored=tuple(_stored(answer["stored"])), limits=_limits(answer.get("limits", {})))


def _stored(stored: dict[object, object]) -> Iterator[Stored]:
    for name, keys in stored.items():
        if not isinstance(keys, list):
            raise ValueError(f"{EXPECTED}: under stored.{name} a list of keys, not {_short(keys)}")
        yield from (Stored(str(name), _key(key)) for key in keys)


def _key(key: object) -> int:
    if not isinstance(key, str) or not _ENDS_IN_HEX.search(key):
        raise ValueError(f"{EXPECTED}: keys that end in {KEY_DIGITS} hex digits, not {_short(key)}")
    return int(key[-KEY_DIGITS:], 16)


def _limits(limits: object) -> dict[str, int]:
    if not isinstance(limits, dict) or not all(type(most) is int for most in limits.values()):
        raise ValueError(f"{EXPECTED}: whole numbers under limits, not {_short(limits)}")
    return limits


def _short(value: object) -> str:
    told = repr(value)
    return told if len(told) <= 80 else f"{told[:79]}…"
