"""What became of a request, for code that goes on from there: light, and a real response of httpx for those who want one."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from lab.history.model.rows import Outcome
from lab.http.exchange import Exchange
from lab.http.kept_answer import read
from lab.nanoseconds import NS_PER_S

if TYPE_CHECKING:
    import httpx  # takes a tenth of a second to import, which no shard has that nobody asks for its responses


class UnexpectedOutcome(Exception):
    """What :meth:`Reply.raise_for_outcome` raises."""


class Reply:
    """``title``: method and path, as they were asked for. Headers and body are taken apart when they are first asked for."""

    def __init__(self, title: str, exchange: Exchange, base_url: str) -> None:
        self._title = title
        self._exchange = exchange
        self._base_url = base_url

    def __repr__(self) -> str:
        return f"Reply({self._title}: {self.outcome.name.lower()}, status {self.status})"

    @property
    def status(self) -> int:
        """0 when it did not come to that."""
        return self._exchange.status

    @property
    def outcome(self) -> Outcome:
        return self._exchange.outcome

    @property
    def ok(self) -> bool:
        """Answered whole, with a status that was expected."""
        return self._exchange.outcome is Outcome.OK

    @property
    def elapsed_s(self) -> float:
        """From when it was really begun, the connection included."""
        return (self._exchange.end_ns - self._exchange.start_ns) / NS_PER_S

    @property
    def content(self) -> bytes:
        """The body, as far as it came."""
        return self._read[1]

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """Raises ValueError when the body is no JSON."""
        return json.loads(self.content)

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name; of several of one name the last."""
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._read[0]}

    def raise_for_outcome(self) -> Self:
        """Raises UnexpectedOutcome unless :attr:`ok`; returns itself, to be called in one go with the request."""
        if not self.ok:
            met = f"status {self.status}" if self.status else "no answer"
            raise UnexpectedOutcome(f"{self._title}: {self.outcome.name.lower()} ({met}) after {self.elapsed_s:.3f} s")
        return self

    @cached_property
    def httpx(self) -> httpx.Response:
        """A real response of httpx. Raises UnexpectedOutcome when there was no whole answer to make one of."""
        import httpx

        if self.outcome not in (Outcome.OK, Outcome.BAD_STATUS, Outcome.SHED):
            self.raise_for_outcome()
        method, _, path = self._title.partition(" ")
        request = httpx.Request(method, self._base_url + path)
        return httpx.Response(self.status, headers=self._read[0], content=self.content, request=request)

    @cached_property
    def _read(self) -> tuple[list[tuple[bytes, bytes]], bytes]:
        return read(self._exchange.raw)
