"""What the requests of a script are called, and their indexes in the rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

MOST_NAMES = 256
"""The request of a row is a byte."""
_IDENTIFIER = re.compile(r"\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Names:
    """The index of a request by its name: the ``declared`` ones have theirs, others get the next as they come.

    Raises ValueError for one too many: names are kinds of request, not single ones.
    """

    def __init__(self, declared: Mapping[str, int]) -> None:
        self._indexes = dict(declared)
        self.added: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        index = self._indexes.get(name)
        if index is None:
            index = max(self._indexes.values(), default=-1) + 1
            if index >= MOST_NAMES:
                raise ValueError(f'request {name!r} is one name too many: expected at most {MOST_NAMES}; give calls a name="…"')
            self._indexes[name] = self.added[name] = index
        return index


def name_of(method: str, path: str) -> str:
    """What requests are called that are given no name: without query, ids replaced."""
    segments = path.partition("?")[0].split("/")
    return f"{method} {'/'.join('{id}' if _IDENTIFIER.fullmatch(segment) else segment for segment in segments)}"
