"""The process that listens, when it is not the one that the lab started: a start script's child, held by a pidfd."""

from __future__ import annotations

import os
import signal

from lab.process import await_pidfd
from lab.runtimes import listener


class Listening:
    """Of a process that is nobody's child here: its end is seen, its exit code is not."""

    def __init__(self, pid: int, pidfd: int) -> None:
        self.pid = pid
        self._pidfd = pidfd

    @classmethod
    def under(cls, root: int, port: int) -> Listening:
        """The one below ``root`` that listens on ``port``. Raises ProcessLookupError when none does, or it went meanwhile."""
        pid, sock = listener.find(root, port)
        sock.close()
        return cls(pid, os.pidfd_open(pid))

    def signal(self, number: int) -> None:
        """No error when it has gone."""
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            pass  # it went before us: there is nobody to be told

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    async def ended(self) -> None:
        """Returns within a millisecond of its end."""
        await await_pidfd(self._pidfd)

    def close(self) -> None:
        os.close(self._pidfd)
