"""The dialer for real sockets: opens connections, carries exchanges, gives up in time. See ``exchange.Dialer``."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from socket import socket

from lab.clock import Clock
from lab.history.model.rows import Outcome
from lab.http.answer import Answer
from lab.http.connection import Connection
from lab.http.dial import begin, numeric, settle, until_up
from lab.http.exchange import Exchange, Line
from lab.nanoseconds import NS_PER_S

_AFTER_OURS_S = 1.0
"""A handshake ends with the patience of who asked; the loop's own limit (60 s by default) only stands behind that."""


class HttpDialer:
    """HTTP/1.1 to one address, on whatever loop runs (asyncio, uvloop). ``answer`` makes the reader of a connection.

    ``tls`` (see ``tls.client_context``): over TLS; the certificate must be valid for ``server_hostname``, or ``host``.
    A connection is up when its handshake is over; ``round_trip_s`` later where loopback has to stand for a network that
    takes so long to say so (not over TLS, nor to a name: they have a network of their own).

    Outcomes: no listener, or a handshake that fails (a certificate that is not trusted): ``connect_refused``; RST, also
    while connecting: ``reset``; FIN before status and headers are whole, also in the handshake: ``closed``; within the
    body, or not HTTP: ``bad_body``; a connection not up by ``connect_by_ns``: ``connect_timeout``; an answer not whole by
    ``answer_by_ns``: ``timeout``; 503 with Retry-After: ``shed``; another status that is not expected: ``bad_status``;
    no file descriptor or port left here: ``dropped``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        answer: Callable[[], Answer] = Answer,
        tls: ssl.SSLContext | None = None,
        server_hostname: str | None = None,
        round_trip_s: float = 0.0,
    ) -> None:
        self._host = host
        self._port = port
        self._clock = clock
        self._answer = answer
        self._tls = tls
        self._server_hostname = server_hostname or host
        self._numeric = numeric(host, port) if tls is None else None
        self._round_trip_s = round_trip_s

    async def send(
        self, payload: bytes, *, expect: frozenset[int], connect_by_ns: int, answer_by_ns: int, line: Line | None = None
    ) -> tuple[Exchange, Line | None]:
        """See ``exchange.Dialer``. Cancelled, it closes the connection, also a kept one. On a kept line ``connected_ns``
        is ``start_ns``: it was up.
        """
        exchange, connection = await self.carry(
            payload, expect=expect, connect_by_ns=connect_by_ns, answer_by_ns=answer_by_ns, line=line
        )
        return exchange, connection if connection.open else None

    async def carry(
        self, payload: bytes, *, expect: frozenset[int], connect_by_ns: int, answer_by_ns: int, line: Line | None
    ) -> tuple[Exchange, Connection]:
        """As :meth:`send`, but always with the connection, whose ``answer`` has been read."""
        exchange = Exchange(self._clock.now_ns())
        if line is None:
            connection = Connection(asyncio.get_running_loop(), self._clock, self._answer(), connect_by_ns)
        else:
            assert isinstance(line, Connection), f"a line of another dialer: {line!r}"
            connection = line
        done = asyncio.get_running_loop().create_future()
        connection.begin(exchange, payload, expect, answer_by_ns, partial(settle, done))
        try:
            if line is None:
                await self._dial(connection, exchange, connect_by_ns, answer_by_ns)
            await done
        except BaseException:
            connection.close()
            raise
        return exchange, connection

    async def _dial(self, connection: Connection, exchange: Exchange, connect_by_ns: int, answer_by_ns: int) -> None:
        try:
            if self._numeric is None:
                await self._patiently(connection, exchange, connect_by_ns, answer_by_ns, None)
                return
            sock, up = begin(*self._numeric)
            if up:
                await self._attach(connection, sock)
            else:
                await self._patiently(connection, exchange, connect_by_ns, answer_by_ns, sock)
        except OSError as error:
            connection.fail(error)

    async def _patiently(
        self, connection: Connection, exchange: Exchange, connect_by_ns: int, answer_by_ns: int, sock: socket | None
    ) -> None:
        deadline_ns, outcome = min((connect_by_ns, Outcome.CONNECT_TIMEOUT), (answer_by_ns, Outcome.TIMEOUT))
        left_s = (deadline_ns - exchange.start_ns) / NS_PER_S
        try:
            async with asyncio.timeout(left_s) as patience:
                if sock is None:
                    connection.dialling = patience
                    await self._connect(connection, left_s)
                else:
                    await self._up(sock)
                    patience.reschedule(None)
                    await self._attach(connection, sock)
        except OSError:  # TimeoutError is one: of our patience, or of the kernel's
            if not patience.expired():
                raise
            connection.give_up(outcome, deadline_ns)
        if connection.waits:  # lost in its handshake with no error: the loop returns as if it were up
            raise ConnectionResetError

    async def _up(self, sock: socket) -> None:
        try:
            await until_up(sock)
        except BaseException:
            sock.close()
            raise

    async def _attach(self, connection: Connection, sock: socket) -> None:
        """The request goes out, and the loop takes the socket over, also to close it."""
        if self._round_trip_s:
            await self._travel(sock)
        if not connection.send_first(sock):
            sock.close()
            return
        await asyncio.get_running_loop().create_connection(lambda: connection, sock=sock)
        connection.attached()

    async def _travel(self, sock: socket) -> None:
        try:
            await asyncio.sleep(self._round_trip_s)
        except BaseException:
            sock.close()
            raise

    async def _connect(self, connection: Connection, left_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._tls is None:
            await loop.create_connection(lambda: connection, self._host, self._port)
            return
        await loop.create_connection(
            lambda: connection,
            self._host,
            self._port,
            ssl=self._tls,
            server_hostname=self._server_hostname,
            ssl_handshake_timeout=max(left_s, 0.0) + _AFTER_OURS_S,
        )
