"""Clients that connect and never finish their request hold every connection that the target takes."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from lab.fault import Counters, Need, Place, Scalar, Symptom

HALF = b"POST /orders HTTP/1.1\r\nHost: idle\r\nX-Idle: "
"""A head without its end: also a listener with TCP_DEFER_ACCEPT hands such a connection on, which a silent one it does not."""
WITHIN_S = 2.0
"""200 take 12 ms [M]; the first SYN that is sent again, behind a full queue, comes after 1 s."""
_GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


@dataclass(frozen=True, kw_only=True)
class IdleConnections:
    """Opens ``count`` connections, sends half a request head on each, and waits.

    A target without a time-out for heads keeps them for ever, and takes no others once it has as many as it may; those that
    it has no room for wait in its accept queue, and take the place of each that it closes. The lab closes all at the heal.
    Evidence: connections that stand and hold a place, as this side sees it: the target has not closed them.
    """

    count: int = 200

    name: ClassVar[str] = "idle_connections"
    help: ClassVar[str] = "holds connections with half a request on each, as slow or hostile clients do"
    needs: ClassVar[frozenset[Need]] = frozenset()

    @property
    def symptom(self) -> Symptom:
        return Symptom("hang", classes=frozenset({"fresh"}))

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        return {}

    @cached_property
    def _held(self) -> list[socket.socket]:
        """No parameter, and so no field."""
        return []

    def evidence(self, place: Place) -> Counters:  # it asks its own sockets
        poll = select.poll()
        for sock in self._held:
            poll.register(sock, _GONE)
        return {"held": len(self._held) - len(poll.poll(0))}

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        try:
            await self._open(place.target.port)
            yield f"{len(self._held)} connections with half a request on each"
        finally:
            while self._held:
                self._held.pop().close()

    async def _open(self, port: int) -> None:
        """As many as get in: where the accept queue is full, the kernel leaves a connection without an answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WITHIN_S):
                for _ in range(self.count):
                    self._held.append(await _half_a_request(port))


async def _half_a_request(port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, HALF)
    except BaseException:
        sock.close()
        raise
    return sock
