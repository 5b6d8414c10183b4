"""A request of the drill as bytes on the wire: what never changes is serialised once, the rest filled in per request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from lab.drill.model import Request
from lab.http.head import head as head_of

_PLACEHOLDER = re.compile(rb"\{(uuid|key|vu|iteration)\}")
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
        self._body = _as_format(body or b"")
        self._counted = body is not None or method == "POST"  # a GET without a body has no length to tell
        self._heads = (_as_format(head), _as_format(head + b"Connection: close\r\n"))

    def __repr__(self) -> str:
        return f"Template({self.name})"

    def render(self, key: int, vu: int, iteration: int, run: str, close: bool) -> bytes:
        """The whole request. ``close`` asks the server to close the connection after it."""
        values = {b"key": key, b"vu": vu, b"iteration": iteration}
        if self._needs_uuid:
            values[b"uuid"] = uuid_of(run, key)  # type: ignore[assignment]  # bytes among ints: what %b wants
        head = self._heads[close] % values
        if not self._counted:
            return head + b"\r\n"
        body = self._body % values
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


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
