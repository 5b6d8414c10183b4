"""The listening socket that the lab holds for the target, so that its accept queue outlives every process (``inherited``)."""

from __future__ import annotations

import fcntl
import socket

from lab.drill.model import Scalar
from lab.runtimes.listener import twin

LOWEST_FD = 10
"""The shell line that guards a process uses 3 for itself, and most start scripts do with 3 to 9 as they like."""


class HeldListener:
    """Bound and listening from the first start on; each process gets it as file descriptor ``fd``.

    It listens before anybody accepts, as systemd's sockets do: who comes meanwhile waits in the queue instead of being refused.
    """

    def __init__(self, port: int) -> None:
        with socket.socket() as first:
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            first.bind(("127.0.0.1", port))
            self._sock = socket.socket(fileno=fcntl.fcntl(first.fileno(), fcntl.F_DUPFD_CLOEXEC, LOWEST_FD))

    @property
    def fd(self) -> int:
        return self._sock.fileno()

    def listen(self, backlog: Scalar | None) -> None:
        """With the setting of this start, where the target has one; it may set its own when it is up."""
        self._sock.listen(backlog if isinstance(backlog, int) else socket.SOMAXCONN)

    def duplicate(self) -> socket.socket:
        return twin(self._sock)

    def close(self) -> None:
        """Who waits in the queue is reset."""
        self._sock.close()
