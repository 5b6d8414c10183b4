"""Takes connections from a listener, at most so many at a time: Tomcat's latch [maxConnections] over its accept queue."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections.abc import Callable

from target.settings import Full

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
OUT_OF_FILES_PAUSE_S = 0.1
"""Otherwise the loop would spin on a connection that it can neither take nor leave."""


class Acceptor:
    """``make_protocol`` gets the function that it must call when its connection has ended.

    With ``max_connections`` open, ``wait`` leaves new connections in the kernel's queue, ``close`` takes and resets them.
    uvicorn's own servers accept without limit, and listen again on a socket handed to them, which undoes a changed backlog.
    """

    def __init__(
        self, listener: socket.socket, make_protocol: Callable[[Callable[[], None]], asyncio.Protocol], *, most: int, full: Full
    ) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._latch = asyncio.Semaphore(most)
        self._full = full

    async def run(self) -> None:
        """Accepts until cancelled. Raises OSError when the listener itself is no more."""
        while True:
            if self._full == "wait":
                await self._latch.acquire()
                await self._connect(await self._accept_or_release())
            else:
                await self._connect_or_reset(await self._accept())

    async def _accept_or_release(self) -> socket.socket:
        try:
            return await self._accept()
        except BaseException:
            self._latch.release()
            raise

    async def _accept(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        while True:
            try:
                return (await loop.sock_accept(self._listener))[0]
            except ConnectionAbortedError:
                continue  # it was reset while it was queued
            except OSError as error:
                if error.errno not in OUT_OF_FILES:
                    raise
                await asyncio.sleep(OUT_OF_FILES_PAUSE_S)

    async def _connect_or_reset(self, sock: socket.socket) -> None:
        if self._latch.locked():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            sock.close()
            await asyncio.sleep(0)  # a flood of these must not keep the loop from those who are served
        else:
            await self._latch.acquire()
            await self._connect(sock)

    async def _connect(self, sock: socket.socket) -> None:
        """Hands the connection to a protocol, and with it the duty to release its place."""
        release = _once(self._latch.release)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: self._make_protocol(release), sock)
        except BaseException as error:
            release()
            sock.close()
            if not isinstance(error, OSError):  # an OSError is the end of this connection, not of the listener
                raise


def _once(release: Callable[[], None]) -> Callable[[], None]:
    """A failed connection may be released twice: here, and by a protocol that saw its end."""
    held = True

    def release_once() -> None:
        nonlocal held
        if held:
            held = False
            release()

    return release_once
