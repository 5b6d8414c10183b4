"""A child of the lab: held by a pid file descriptor, never by its number, and dead as soon as the lab is.

``setpriv --pdeathsig KILL`` (util-linux) asks the kernel to kill the child when its parent dies; a line of ``sh`` then
looks whether the parent died before that was asked, which closes the race. Both are replaced by the program itself, so
``pid`` is the program's. It costs 1 ms a start; a ``preexec_fn`` would give up vfork and is not safe beside threads.
"""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import signal
import subprocess
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

PIPE = subprocess.PIPE
DEVNULL = subprocess.DEVNULL
Stream = int | Path | None
"""A file descriptor, PIPE, DEVNULL, a file to append to, or (None) the lab's own."""

_UNLESS_ORPHAN = 'test "$PPID" = "$0" && exec "$@"'
_GUARDED = 'test "$PPID" = "$0" && exec 3<&0 && ( (read -r _ <&3; kill -KILL 0) & ) && exec "$@" 3<&- </dev/null'
"""The guard is in the group, so that the group's number stays its own; it reads the lab's end of a pipe, which is never
written to. It is nobody's child, because a program may wait for all of its own."""


class Process:
    """One started program. Use it from the thread of its event loop; only ``wait_blocking`` may be called from elsewhere."""

    def __init__(self, popen: subprocess.Popen[bytes], own_session: bool, guarded: bool = False) -> None:
        self._popen = popen
        self._own_session = own_session
        self._guarded = guarded
        self._ends_group = False
        self.pidfd = os.pidfd_open(popen.pid)  # ours is the only wait, so the number cannot be anybody else's yet
        weakref.finalize(self, os.close, self.pidfd)

    @classmethod
    def spawn(
        cls,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        stdin: Stream = DEVNULL,
        stdout: Stream = None,
        stderr: Stream = None,
        pass_fds: Sequence[int] = (),
        new_session: bool = True,
        guarded: bool = False,
    ) -> Process:
        """Start ``argv`` (its first word is looked up in ``env``'s PATH).

        ``guarded``: not only the program dies with the lab, but its whole group (what a start script has started), as
        it does in a room of its own anyway. It then has a session of its own and an empty standard input.

        Raises FileNotFoundError when the program or ``setpriv`` is not there, and RuntimeError outside the main
        thread: the kernel's parent-death signal follows the *thread* that started the child, and one of a pool may end.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a process must be started from the main thread: its parent-death signal follows the thread")
        program = _find(argv[0], env, cwd)
        setpriv = _find("setpriv", os.environ, None)
        line = _GUARDED if guarded else _UNLESS_ORPHAN
        wrapped = [setpriv, "--pdeathsig", "KILL", "--", "/bin/sh", "-c", line, str(os.getpid()), program, *argv[1:]]
        streams = [_opened(stream) for stream in (PIPE if guarded else stdin, stdout, stderr)]
        try:
            popen = subprocess.Popen(
                wrapped,
                env=dict(env),
                cwd=cwd,
                stdin=streams[0],
                stdout=streams[1],
                stderr=streams[2],
                pass_fds=pass_fds,
                start_new_session=new_session or guarded,
            )
        finally:
            for stream in streams:
                if not isinstance(stream, int | None):
                    stream.close()
        return cls(popen, new_session or guarded, guarded)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def stdin(self) -> IO[bytes] | None:
        return self._popen.stdin

    @property
    def stdout(self) -> IO[bytes] | None:
        return self._popen.stdout

    @property
    def stderr(self) -> IO[bytes] | None:
        return self._popen.stderr

    @property
    def returncode(self) -> int | None:
        """The exit code, -N when signal N killed it, None while it lives. Reaps it when it has ended."""
        if self._ends_group and self._popen.returncode is None and self._is_zombie():
            os.killpg(self.pid, signal.SIGKILL)  # before the reaping: until then the number is still the group's
        return self._popen.poll()

    @property
    def alive(self) -> bool:
        """Looks without reaping: until then the number, and its group's, cannot become anybody else's."""
        return self._popen.returncode is None and not self._is_zombie()

    def signal(self, number: int) -> bool:
        """Send a signal through the pid file descriptor; False when the process has ended already."""
        if not self.alive:
            return False
        signal.pidfd_send_signal(self.pidfd, number)
        return True

    def signal_group(self, number: int) -> bool:
        """The same to the whole process group: a start script *and* the service it started.

        Only a process with a session of its own has a group of its own; another one gets the signal alone.
        """
        if not self._own_session:
            return self.signal(number)
        if not self.alive:
            return False
        os.killpg(self.pid, number)
        return True

    async def exited(self) -> int:
        """Wait for its end, known within a millisecond. Any number of tasks may wait, and be cancelled."""
        while (code := self.returncode) is None:
            await await_pidfd(self.pidfd)
        return code

    async def ended(self) -> int:
        """As :meth:`exited`, but leaves it unreaped, so that :meth:`stop` can still end what is left of its group."""
        while self.alive:
            await await_pidfd(self.pidfd)
        code = self._popen.returncode
        return self._code_of_zombie() if code is None else code

    async def stop(self, grace_s: float) -> int:
        """SIGTERM to its group, SIGKILL after ``grace_s`` (0: at once, unasked), and nothing of the group outlives it.

        Safe when it has ended.
        """
        self._ends_group = self._own_session
        try:
            if grace_s > 0 and self.signal_group(signal.SIGTERM):
                with suppress(TimeoutError):
                    async with asyncio.timeout(grace_s):
                        return await self.exited()
            self.signal_group(signal.SIGKILL)
            return await self.exited()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Of the guard, which has gone with the group; never before: the end of its pipe is its word to kill."""
        if self._guarded and self._popen.stdin is not None:
            self._popen.stdin.close()

    def wait_blocking(self, timeout_s: float) -> int:
        """For programs without a loop, and for threads. Raises TimeoutError."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        if not poll.poll(timeout_s * 1000):
            raise TimeoutError(f"process {self.pid} has not ended within {timeout_s:g} s")
        return self._popen.wait()

    def __repr__(self) -> str:
        state = "alive" if self._popen.returncode is None else f"exit {self._popen.returncode}"
        return f"<Process {self.pid} {state}>"

    def _is_zombie(self) -> bool:
        return self._peek() is not None

    def _code_of_zombie(self) -> int:
        found = self._peek()
        assert found is not None, "it is a zombie"
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def _peek(self) -> os.waitid_result | None:
        return os.waitid(os.P_PIDFD, self.pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)


async def await_pidfd(pidfd: int) -> None:
    """Returns within a millisecond of the process's end. Any number of tasks may wait, and be cancelled."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    readable = os.dup(pidfd)  # a loop knows one reader for each descriptor
    loop.add_reader(readable, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(readable)
        os.close(readable)


def _find(program: str, env: Mapping[str, str], cwd: Path | None) -> str:
    """The path of a program. A name with a slash is taken as it stands, relative to ``cwd``, as exec does."""
    if "/" in program:
        if not os.access((cwd or Path()) / program, os.X_OK):
            raise FileNotFoundError(f"cannot start {program!r}: no such program")
        return program
    found = shutil.which(program, path=env.get("PATH", os.defpath))
    if found is None:
        raise FileNotFoundError(f"cannot start {program!r}: not found in PATH")
    return found


def _opened(stream: Stream) -> int | IO[bytes] | None:
    return stream.open("ab") if isinstance(stream, Path) else stream
