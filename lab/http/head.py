"""The head of a request as bytes: request line and header fields, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH_SAFE = "/?&=%:@!$'()*+,;~-._[]{}|"
_OURS = frozenset({"content-length", "transfer-encoding", "connection"})


def head(method: str, path: str, *layers: Mapping[str, str], name: str) -> bytes:
    """All but the fields that are the client's own (length, connection) and the empty line that ends it.

    A field of a later layer replaces one of an earlier. Raises ValueError, with the request's ``name`` in it, for a path
    or a field that cannot be sent.
    """
    if not path.startswith("/") or CONTROL.search(path):
        raise ValueError(f"request {name}: {path!r} is not a path: expected one that starts with / and has no control characters")
    return f"{method} {quote(path, safe=_PATH_SAFE)} HTTP/1.1\r\n".encode() + _lines(_merged(layers, name), name)


def _merged(layers: tuple[Mapping[str, str], ...], name: str) -> dict[str, tuple[str, str]]:
    """Lower-case name → (name as written, value); a later layer replaces an earlier one."""
    fields = {key.lower(): (key, value) for layer in layers for key, value in layer.items()}
    if taken := sorted(_OURS & fields.keys()):
        raise ValueError(f"request {name}: header {taken[0]} is set by the client itself")
    return fields


def _lines(fields: Mapping[str, tuple[str, str]], name: str) -> bytes:
    for key, value in fields.values():
        if not _HEADER_NAME.fullmatch(key) or CONTROL.search(value):
            raise ValueError(f"request {name}: {key!r}: {value!r} is not a header")
    # UTF-8 for what is not ASCII: latin-1, as the old standard had it, would raise on most of the world's letters.
    return "".join(f"{key}: {value}\r\n" for key, value in fields.values()).encode()
