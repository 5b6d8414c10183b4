"""The control socket in the run directory (0600): how the outside speaks to the runner. One word a line.

A Unix socket's address holds 107 bytes and a run directory may be deeper, so both sides go there by a file descriptor.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

NAME = "control.sock"


@contextmanager
def _address(run_dir: Path) -> Iterator[str]:
    fd = os.open(run_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{NAME}"
    finally:
        os.close(fd)


@asynccontextmanager
async def serve(run_dir: Path, *, stop: Callable[[], object]) -> AsyncIterator[None]:
    """Listens while the block runs; ``stop`` is called at the word ``stop``."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word = (await reader.readline()).strip()
        if word == b"stop":
            stop()
        writer.write(b"ok\n" if word == b"stop" else b"unknown word\n")
        await writer.drain()
        writer.close()

    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # the socket is born 0600; nothing else in this process makes files meanwhile
    try:
        with _address(run_dir) as address:
            listener.bind(address)
    finally:
        os.umask(before)
    server = await asyncio.start_unix_server(answer, sock=listener)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()
        (run_dir / NAME).unlink(missing_ok=True)


def say_stop(run_dir: Path, timeout_s: float = 1.0) -> bool:
    """From outside: asks the runner to heal and end. False when nobody listens (any more, or yet)."""
    with socket.socket(socket.AF_UNIX) as sock, _address(run_dir) as address:
        sock.settimeout(timeout_s)
        try:
            sock.connect(address)
            sock.sendall(b"stop\n")
            return sock.recv(16) == b"ok\n"
        except OSError:
            return False
