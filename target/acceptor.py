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
        """Accepts until cancelled: then what was accepted has its protocol, and what was not is still in the queue.

        Raises OSError when the listener itself is no more.
        """
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
        """``loop.sock_accept`` would not do: cancelled just after it has accepted, it drops the connection: a reset."""
        while True:
            try:
                sock = self._listener.accept()[0]
                sock.setblocking(False)
                return sock
            except BlockingIOError:
                await _readable(self._listener)  # perhaps another process takes it first
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
        """Hands the connection to a protocol, and with it the duty to release its place; a cancel waits until that is done."""
        connecting = asyncio.ensure_future(self._connected(sock))
        try:
            await asyncio.shield(connecting)
        except asyncio.CancelledError:
            await connecting
            raise

    async def _connected(self, sock: socket.socket) -> None:
        release = _once(self._latch.release)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: self._make_protocol(release), sock)
        except BaseException as error:
            release()
            sock.close()
            if not isinstance(error, OSError):  # an OSError is the end of this connection, not of the listener
                raise


async def _readable(listener: socket.socket) -> None:
    """Returns when a connection may be in the queue; cancelled, it has taken none."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    descriptor = listener.fileno()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _once(release: Callable[[], None]) -> Callable[[], None]:
    """A failed connection may be released twice: here, and by a protocol that saw its end."""
    held = True

    def release_once() -> None:
        nonlocal held
        if held:
            held = False
            release()

    return release_once
