"""What the sessions of one shard share: where requests go, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from lab.clock import Clock
from lab.drill.model import Load
from lab.history.model.rows import Via
from lab.http.exchange import Dialer, Exchange
from lab.load.kinds import Kinds
from lab.nanoseconds import NS_PER_S

SUCCESS = range(200, 400)
"""What is expected where nothing is said, as in k6."""


class RecordRow(Protocol):
    """Keeps the row of one request."""

    def __call__(self, exchange: Exchange, due_ns: int, request: int, via: Via, vu: int, key: int, /) -> object: ...


class Sender:
    """``dialer`` keeps whole answers (``HttpDialer(…, answer=WholeAnswer)``), else replies have no headers and no body.
    ``authority``: host and port, as a Host header has them. ``headers`` go into every request, X-Lab-Run among them.
    ``record`` is called once for each request, with what became of it; ``index_of`` numbers names; ``check`` is told of
    every check.
    """

    def __init__(
        self,
        dialer: Dialer,
        clock: Clock,
        load: Load,
        *,
        authority: str,
        headers: Mapping[str, str],
        next_key: Callable[[], int],
        record: RecordRow,
        index_of: Callable[[str], int],
        check: Callable[[str, bool], object],
        scheme: str = "http",
    ) -> None:
        self.send = dialer.send
        self.clock = clock
        self.base_url = f"{scheme}://{authority}"
        self.next_key = next_key
        self.record = record
        self.check = check
        self.connect_ns = round(load.connect_timeout * NS_PER_S)
        self.answer_ns = round(load.timeout * NS_PER_S)
        self.fresh = load.connections == "fresh"
        self.kind = Kinds(self.base_url, authority, headers, index_of, fresh=self.fresh).of
        self._expected: dict[tuple[int, ...] | None, frozenset[int]] = {None: frozenset(SUCCESS)}

    def expected(self, expect: Iterable[int] | None) -> frozenset[int]:
        if expect is not None:
            expect = tuple(expect)
        found = self._expected.get(expect)
        if found is None:
            found = self._expected[expect] = frozenset(expect or ())
        return found
