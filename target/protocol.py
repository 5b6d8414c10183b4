"""uvicorn's httptools protocol plus what it lacks: a time limit for the request's head, and word of its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState


class TimedProtocol(HttpToolsProtocol):
    """One connection. Closed when a request's head is not complete ``header_timeout_s`` after it was waited for.

    That is counted from the connection's first instant, and on a kept connection from the next request's first byte:
    before that byte uvicorn's own keep-alive timer runs. 0 is off. ``on_lost`` is called once, when the connection ends.
    """

    def __init__(self, config: Config, state: ServerState, header_timeout_s: float, on_lost: Callable[[], None]) -> None:
        super().__init__(config, state, {})
        self._header_timeout_s = header_timeout_s
        self._header_timer: asyncio.TimerHandle | None = None
        self._on_lost = on_lost

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._header_timer is None and self.cycle is not None and self.cycle.response_complete:
            self._await_head()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)
        self._on_lost()

    def _await_head(self) -> None:
        if self._header_timeout_s > 0:
            self._header_timer = self.loop.call_later(self._header_timeout_s, self.transport.close)

    def _head_is_here(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
