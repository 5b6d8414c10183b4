"""The listening socket: bound here or inherited from a supervisor, and in either case with the backlog of this start."""

from __future__ import annotations

import socket

DEFER_S = 1
"""TCP_DEFER_ACCEPT in seconds; as nginx's ``deferred`` sets it."""


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not listening yet: a client must not reach a service that cannot answer.

    Raises OSError (EADDRINUSE) when another socket listens there; two that are bound only find out in :func:`listen`.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def inherit(fd: int) -> socket.socket:
    """The TCP socket behind an inherited file descriptor; its family and address are asked of the kernel.

    Raises OSError when ``fd`` is not an open TCP socket.
    """
    sock = socket.socket(fileno=fd)
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or sock.type != socket.SOCK_STREAM:
        sock.detach()  # not ours to close
        raise OSError(f"file descriptor {fd} is not a TCP socket")
    sock.setblocking(False)
    return sock


def listen(sock: socket.socket, backlog: int, *, defer_accept: bool) -> None:
    """Starts listening, or changes the queue of a socket that listens already; both settings are set either way.

    With ``defer_accept`` a connection enters the accept queue with its first bytes, not with the handshake.
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, DEFER_S if defer_accept else 0)
    sock.listen(backlog)


def is_listening(sock: socket.socket) -> bool:
    """Asked of the kernel, so a socket that was closed or shut down behind our back is noticed."""
    return sock.fileno() >= 0 and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])
