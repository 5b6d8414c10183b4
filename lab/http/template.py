"""A request of the drill as bytes on the wire: what never changes is serialised once, the rest filled in per request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from lab.drill.model import Request
from lab.http.head import head as head_of

_PLACEHOLDER = re.compile(rb"\{(uuid|key|vu|iteration)\}")
UUID_CHARACTERS = 36
_FORMAT = {b"uuid": b"%(uuid)b", b"key": b"%(key)d", b"vu": b"%(vu)d", b"iteration": b"%(iteration)d"}


class Template:
    """``request``, ready to be filled in. ``headers`` go into every request and win over the request's own.

    ``{uuid}``, ``{key}``, ``{vu}`` and ``{iteration}`` are filled in wherever they stand in path, headers and JSON; in
    JSON they stay inside their string (``"{key}"`` becomes ``"7"``), so that the type of a field never changes.
    Raises ValueError, with ``name`` in it, when this is no request that can be sent.
    """

    def __init__(self, request: Request, *, name: str, host: str, headers: Mapping[str, str]) -> None:
        self.name = name
        method, path = _method_and_path(request, name)
        body = _json(request)
        json_type = {} if body is None else {"Content-Type": "application/json"}
        head = head_of(method, path, {"Host": host, "Accept": "*/*"}, json_type, request.headers, headers, name=name)
        self._needs_uuid = b"{uuid}" in head + (body or b"")
        counted = body is not None or method == "POST"  # a GET without a body has no length to tell
        self._kept = _Whole.of(head, body or b"", counted)
        self._closing = _Whole.of(head + b"Connection: close\r\n", body or b"", counted)

    def __repr__(self) -> str:
        return f"Template({self.name})"

    def render(self, key: int, vu: int, iteration: int, run: str, close: bool) -> bytes:
        """The whole request. ``close`` asks the server to close the connection after it."""
        whole = self._closing if close else self._kept
        if whole.constant:
            return whole.format
        values = {b"key": key, b"vu": vu, b"iteration": iteration}
        if self._needs_uuid:
            values[b"uuid"] = uuid_of(run, key)  # type: ignore[assignment]  # bytes among ints: what %b wants
        if whole.body is None:
            return whole.format % values
        body = whole.body % values
        return b"%bContent-Length: %d\r\n\r\n%b" % (whole.format % values, len(body), body)


@dataclass(frozen=True, slots=True)
class _Whole:
    """A request as a format for ``%``. ``body`` is apart only where its length depends on what is filled in; ``constant``:
    nothing is filled in, and ``format`` is the request itself."""

    format: bytes
    body: bytes | None
    constant: bool

    @classmethod
    def of(cls, head: bytes, body: bytes, counted: bool) -> _Whole:
        length = _length(body)
        if not counted:
            whole = head + b"\r\n"
        elif length is None:
            return cls(_as_format(head), _as_format(body), constant=False)
        else:
            whole = head + b"Content-Length: %d\r\n\r\n" % length + body
        if _PLACEHOLDER.search(whole) is None:
            return cls(whole, None, constant=True)
        return cls(_as_format(whole), None, constant=False)


def _length(body: bytes) -> int | None:
    """Of the body when it is filled in; None where that depends on the values. A UUID always has the same."""
    names = [match[1] for match in _PLACEHOLDER.finditer(body)]
    return len(body) + len(names) * (UUID_CHARACTERS - len(b"{uuid}")) if set(names) <= {b"uuid"} else None


def uuid_of(run: str, key: int) -> bytes:
    """A valid UUID: 96 bits say which run, the last 8 hex digits are the request's key (u32)."""
    return b"%b%08x" % (_uuid_of_run(run), key)


@lru_cache(maxsize=16)
def _uuid_of_run(run: str) -> bytes:
    digits = sha256(run.encode()).hexdigest()
    # Version 4, variant 8: version 8 would say it better, but older validators know 1 to 5 only.
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:24]}".encode()


def _method_and_path(request: Request, name: str) -> tuple[str, str]:
    if (request.post is None) == (request.get is None):
        raise ValueError(f"request {name}: expected exactly one of post and get")
    method, path = ("POST", request.post) if request.post is not None else ("GET", request.get)
    return method, path or ""


def _json(request: Request) -> bytes | None:
    if request.json is None:
        return None
    return json.dumps(request.json, default=dict, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _as_format(text: bytes) -> bytes:
    """Placeholders become those of ``%``: one formatting operation in C fills them all."""
    return _PLACEHOLDER.sub(lambda match: _FORMAT[match[1]], text.replace(b"%", b"%%"))
