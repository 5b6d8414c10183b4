"""TCP connections that are up at once where they can be: on loopback the handshake is over when ``connect`` returns.

The loop would say so only in its next turn, which in a burst of 300 comes when all of them have been dialled: 10 ms too
late, and all of it would be called the server's.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from errno import EALREADY, EINPROGRESS, EISCONN
from os import strerror

Address = tuple[str, int]


def numeric(host: str, port: int) -> tuple[socket.AddressFamily, Address] | None:
    """Where to dial without asking a resolver; None for a name."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return None
    return (socket.AF_INET if version == 4 else socket.AF_INET6), (host, port)


def begin(family: socket.AddressFamily, address: Address) -> tuple[socket.socket, bool]:
    """A socket that does not block, and whether it is connected already. Raises OSError: it cannot be."""
    # Not the type below it, which is 2 µs cheaper [M]: uvloop knows it for no socket of its own, and closes its number a
    # second time, when it may be somebody else's.
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        for _ in range(2):  # the second time asks what became of the first
            code = sock.connect_ex(address)
            if code in (0, EISCONN):
                return sock, True
        if code in (EINPROGRESS, EALREADY):
            return sock, False
        raise OSError(code, strerror(code))
    except BaseException:
        sock.close()
        raise


async def until_up(sock: socket.socket) -> None:
    """Waits for a connection that is being set up. Raises OSError when it cannot be."""
    loop = asyncio.get_running_loop()
    writable = loop.create_future()
    loop.add_writer(sock, settle, writable)
    try:
        await writable
    finally:
        loop.remove_writer(sock)
    if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(code, strerror(code))


def settle(done: asyncio.Future[None]) -> None:
    if not done.done():  # who waits may have been cancelled
        done.set_result(None)
