"""The body of a request of a script, and its type."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONEncoder
from typing import Any
from urllib.parse import urlencode

JSON, FORM, UNTYPED = "application/json", "application/x-www-form-urlencoded", ""
_encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

Body = bytes | str | Mapping[str, Any]


def encoded(json: Any, data: Body | None) -> tuple[str, bytes]:
    """Its type and its bytes. Raises ValueError when it cannot be sent."""
    if json is not None:
        if data is not None:
            raise ValueError("expected one of json and data")
        return JSON, _encode(json).encode()
    if data is None:
        return UNTYPED, b""
    if isinstance(data, bytes):
        return UNTYPED, data
    if isinstance(data, str):
        return UNTYPED, data.encode()
    return FORM, urlencode(data, doseq=True).encode()
