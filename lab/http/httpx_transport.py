"""The same client for code written for httpx: ``httpx.AsyncClient(transport=LabTransport(clock))``.

Slower than the dialer (httpx builds objects per request), just as honest: no retry, one kept line per address, errors
by errno. HEAD is refused, because the parser cannot be told that no body follows.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from lab.clock import Clock
from lab.history.model.rows import Outcome
from lab.http.client import HttpDialer
from lab.http.connection import Connection
from lab.http.kept_answer import KeptAnswer
from lab.http.tls import client_context
from lab.nanoseconds import NS_PER_S

_Address = tuple[str, str, int]
"""Scheme, host and port."""
_PORTS = {"http": 80, "https": 443}
_FOREVER_S = 1e9
_EVERY_STATUS = frozenset(range(100, 1000))
_ERRORS: dict[Outcome, tuple[type[httpx.TransportError], str]] = {
    Outcome.CONNECT_REFUSED: (httpx.ConnectError, "connection refused, or a TLS handshake that failed"),
    Outcome.CONNECT_TIMEOUT: (httpx.ConnectTimeout, "not connected in time"),
    Outcome.RESET: (httpx.ReadError, "connection reset by peer"),
    Outcome.CLOSED: (httpx.RemoteProtocolError, "server closed the connection without an answer"),
    Outcome.TIMEOUT: (httpx.ReadTimeout, "no whole answer in time"),
    Outcome.BAD_BODY: (httpx.RemoteProtocolError, "not HTTP, or a body that breaks off"),
    Outcome.DROPPED: (httpx.ConnectError, "no file descriptor or port left for a connection"),
}


class LabTransport(httpx.AsyncBaseTransport):
    """httpx's ``connect`` time-out bounds the connect, its ``read`` time-out the whole answer (in httpx: each read)."""

    def __init__(self, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        """``tls``: for https; by default one that trusts the system's authorities."""
        self._clock = clock
        self._tls = tls
        self._kept: dict[_Address, Connection] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises the httpx error of what happened; a reset while connecting is a ConnectError, as in httpx."""
        scheme = request.url.scheme
        if scheme not in _PORTS or request.method == "HEAD":
            raise httpx.UnsupportedProtocol(f"{request.method} {scheme}: expected http or https, no HEAD")
        address = (scheme, request.url.raw_host.decode("ascii"), request.url.port or _PORTS[scheme])
        body = await request.aread()
        now_ns = self._clock.now_ns()
        timeouts = request.extensions.get("timeout", {})
        exchange, connection = await self._dialer(*address).carry(
            _head(request) + body,
            expect=_EVERY_STATUS,
            connect_by_ns=now_ns + _ns(timeouts.get("connect")),
            answer_by_ns=now_ns + _ns(timeouts.get("read")),
            line=self._take(address),
        )
        if exchange.outcome != Outcome.OK:
            error, text = _ERRORS[exchange.outcome]
            dialling = exchange.outcome == Outcome.RESET and exchange.connected_ns is None
            raise (httpx.ConnectError if dialling else error)(text, request=request)
        answer = connection.answer
        assert isinstance(answer, KeptAnswer)
        self._keep(address, connection)
        return httpx.Response(answer.status, headers=answer.headers, content=bytes(answer.body), request=request)

    async def aclose(self) -> None:
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()

    def _dialer(self, scheme: str, host: str, port: int) -> HttpDialer:
        tls = None if scheme == "http" else self._tls or client_context()
        return HttpDialer(host, port, self._clock, KeptAnswer, tls)

    def _take(self, address: _Address) -> Connection | None:
        connection = self._kept.pop(address, None)
        if connection is None or connection.usable:
            return connection
        connection.close()
        return None

    def _keep(self, address: _Address, connection: Connection) -> None:
        """The one that was kept in the meantime gives way."""
        if not connection.open:
            return
        if address in self._kept:
            self._kept[address].close()
        self._kept[address] = connection


def _head(request: httpx.Request) -> bytes:
    # The body is sent whole, so it has a length, even where httpx would stream it in chunks.
    fields = [(name, value) for name, value in request.headers.raw if name.lower() != b"transfer-encoding"]
    if b"content-length" not in {name.lower() for name, _ in fields} and "transfer-encoding" in request.headers:
        fields.append((b"Content-Length", b"%d" % len(request.content)))
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (request.method.encode(), request.url.raw_path, lines)


def _ns(timeout_s: Any) -> int:
    return round((_FOREVER_S if timeout_s is None else timeout_s) * NS_PER_S)
