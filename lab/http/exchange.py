"""One request and its answer, as its client saw it; and the two protocols behind which real and simulated clients stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lab.history.model.rows import NEVER, Outcome, Row, Via
from lab.nanoseconds import NS_PER_US

_OK = Outcome.OK  # a member looked up in its enum takes 0.08 µs [M], six times a request


@dataclass(slots=True)
class Exchange:
    """Instants in ns since t0; None: it did not come to that. Filled in by the client that carries the request."""

    start_ns: int
    connected_ns: int | None = None
    sent_ns: int | None = None
    first_byte_ns: int | None = None
    end_ns: int = 0
    status: int = 0
    outcome: Outcome = _OK
    size_bytes: int = 0
    raw: bytes = b""
    """Of an answer that was not expected: its head, and the body as far as it came with it. Whole, and of any answer, where
    the dialer was told to keep them (``kept_answer.WholeAnswer``)."""

    @property
    def ok(self) -> bool:
        return self.outcome is _OK

    def again(self, start_ns: int) -> None:
        """For the next request on the same line, when this one is recorded. The client fills in the rest again."""
        self.start_ns = start_ns
        self.sent_ns = None
        self.first_byte_ns = None


class Line(Protocol):
    """A connection that a user keeps between requests."""

    @property
    def usable(self) -> bool:
        """The server has not closed it and nothing unread is left on it."""
        ...

    def close(self) -> None: ...


class Dialer(Protocol):
    """Carries requests to one address. Never retries, never raises for what the other side does: that is an outcome."""

    async def send(
        self, payload: bytes, *, expect: frozenset[int], connect_by_ns: int, answer_by_ns: int, line: Line | None = None
    ) -> tuple[Exchange, Line | None]:
        """Sends ``payload`` over ``line``, or over a new connection when that is None.

        A connection not up by ``connect_by_ns`` ends as ``connect_timeout``, an answer not whole by ``answer_by_ns``
        as ``timeout``, each stamped with that very instant or the moment the loop noticed, whichever is later.
        Returns the line when it can carry another request, else None (it is closed then).
        """
        ...


def row_of(
    exchange: Exchange, *, due_ns: int, scenario: int = 0, request: int = 0, via: Via = Via.FRESH, vu: int = 0, key: int = 0
) -> Row:
    """The row of an exchange: absolute instants become µs offsets from ``due_ns``."""

    def offset(t_ns: int | None) -> int:
        return NEVER if t_ns is None else min(max(0, (t_ns - due_ns) // NS_PER_US), NEVER - 1)

    return Row(
        due_ns=due_ns,
        start_us=offset(exchange.start_ns),
        connected_us=offset(exchange.connected_ns),
        sent_us=offset(exchange.sent_ns),
        first_byte_us=offset(exchange.first_byte_ns),
        end_us=offset(exchange.end_ns),
        status=exchange.status,
        outcome=exchange.outcome,
        scenario=scenario,
        request=request,
        via=via,
        vu=vu,
        size_bytes=exchange.size_bytes,
        key=key,
    )
