"""Kinds of request of a script: what cannot change between two requests of a kind is serialised once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lab.http.head import head
from lab.load.names import name_of

METHODS = frozenset({"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"})
"""HEAD is missing: the parser cannot be told that no body follows."""
KEY_HEADER = "X-Lab-Key"
"""Carries the key of the request's row, so that a target's log can be matched with what its users saw."""
KINDS_KEPT = 4096
"""Kinds of request remembered at a time; paths with an id in them would fill memory in an endurance run."""


class Kind(NamedTuple):
    """All that the requests of one kind have in common."""

    head: bytes
    """Up to, and with, the name of the key's header."""
    counted: bool
    """Tells the length of its body, also when that is empty."""
    request: int
    title: str

    def payload(self, key: int, body: bytes) -> bytes:
        if body or self.counted:
            return b"%b%d\r\nContent-Length: %d\r\n\r\n%b" % (self.head, key, len(body), body)
        return b"%b%d\r\n\r\n" % (self.head, key)


class Kinds:
    """Those of one load. ``base_url`` may begin a path; ``headers`` go into every request; ``index_of`` numbers names;
    ``fresh``: a connection for each.
    """

    def __init__(
        self, base_url: str, authority: str, headers: Mapping[str, str], index_of: Callable[[str], int], *, fresh: bool
    ) -> None:
        self._base_url = base_url
        self._always = {"Host": authority, "Accept": "*/*"}
        self._headers = headers
        self._index_of = index_of
        self._close = b"Connection: close\r\n" if fresh else b""
        self._kinds: dict[object, Kind] = {}

    def of(self, method: str, path: str, name: str | None, content: str, headers: Mapping[str, str] | None) -> Kind:
        """``content``: the type of its body. Raises ValueError when that is no request that can be sent."""
        about = (method, path, name, content, tuple(headers.items()) if headers else None)
        found = self._kinds.get(about)
        if found is None:
            if len(self._kinds) >= KINDS_KEPT:
                self._kinds.clear()
            found = self._kinds[about] = self._make(method, path, name, content, headers or {})
        return found

    def _make(self, method: str, path: str, name: str | None, content: str, headers: Mapping[str, str]) -> Kind:
        if method not in METHODS:
            raise ValueError(f"{method} {path}: expected one of {', '.join(sorted(METHODS))}")
        path = path.removeprefix(self._base_url)
        name = name or name_of(method, path)
        content_type = {"Content-Type": content} if content else {}
        begin = head(method, path, self._always, content_type, headers, self._headers, name=name)
        counted = bool(content) or method in ("PATCH", "POST", "PUT")
        return Kind(b"%b%b%b: " % (begin, self._close, KEY_HEADER.encode()), counted, self._index_of(name), f"{method} {path}")
