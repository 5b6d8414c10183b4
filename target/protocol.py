"""uvicorn's httptools protocol plus what it lacks: time limits for a head and for a connection, a gentle end, word of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


class TimedProtocol(HttpToolsProtocol):
    """One connection. Closed when a request's head is not complete ``header_timeout_s`` after it was waited for.

    That is counted from the connection's first instant, and on a kept connection from the next request's first byte:
    before that byte uvicorn's own keep-alive timer runs. ``age_s`` after its first instant the next answer is the last one
    and says so (``Connection: close``): its user comes back on a new connection, perhaps to another worker. 0 is off for
    both. ``on_lost`` is called once, when the connection ends.
    """

    def __init__(
        self, config: Config, state: ServerState, *, header_timeout_s: float, age_s: float, on_lost: Callable[[], None]
    ) -> None:
        super().__init__(config, state, {})
        self._header_timeout_s = header_timeout_s
        self._header_timer: asyncio.TimerHandle | None = None
        self._age_s = age_s
        self._age_timer: asyncio.TimerHandle | None = None
        self._answer_is_last = False
        self._on_lost = on_lost

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(transport)
        self._await_head()
        if self._age_s > 0:
            self._age_timer = self.loop.call_later(self._age_s, self.answer_and_close)

    @property
    def silent(self) -> bool:
        """No request of it is being answered: closed now, it costs at most one that is on its way this very moment."""
        return self.cycle is None or self.cycle.response_complete

    def answer_and_close(self) -> None:
        """The next answer, or the one that is being made, is the last; what has not asked yet may still ask."""
        self._answer_is_last = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def data_received(self, data: bytes) -> None:
        if self._header_timer is None and self.cycle is not None and self.cycle.response_complete:
            self._await_head()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()
        if self._answer_is_last:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        if self._age_timer is not None:
            self._age_timer.cancel()
        super().connection_lost(exc)
        self._on_lost()

    def _await_head(self) -> None:
        if self._header_timeout_s > 0:
            self._header_timer = self.loop.call_later(self._header_timeout_s, self.transport.close)

    def _head_is_here(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
