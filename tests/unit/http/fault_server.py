"""A server that meets each request as its path asks: every outcome of the client, made on purpose. No mocks: real TCP.

``async with fault_server() as server:`` runs on the loop of the test. ``server.seen`` counts requests by path.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HEAD_OF_TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


@dataclass
class FaultServer:
    port: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the test: lets go of ``/held``."""
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        try:
            while path := await _read_request(reader):
                self.seen[path] += 1
                if path == "/held":
                    await self.release.wait()
                await BEHAVIOURS[path](reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone: that is what half of the tests are about
        finally:
            self.writers.discard(writer)
            writer.transport.abort()

    def reset_all(self) -> None:
        """RST on every open connection, at once."""
        for writer in self.writers:
            reset(writer)

    def close_all(self) -> None:
        """FIN on every open connection, at once."""
        for writer in self.writers:
            writer.close()

    def push_all(self, data: bytes) -> None:
        """Sends what nobody asked for."""
        for writer in self.writers:
            writer.write(data)


class RunStory(Protocol):
    def __call__(self, story: Callable[[FaultServer], Awaitable[None]], tls: ssl.SSLContext | None = None) -> None: ...


@asynccontextmanager
async def fault_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[FaultServer]:
    server = FaultServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for writer in list(server.writers):
            writer.transport.abort()
        await until(lambda: not server.writers)
        await listener.wait_closed()


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Returns when ``condition`` holds; TimeoutError when it does not in time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  # kernel state and counters, which no event announces
            await asyncio.sleep(0)


async def _read_request(reader: asyncio.StreamReader) -> str:
    """Reads one request whole; its path, or nothing at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return ""
    lines = head.lower().split("\r\n")
    length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
    await reader.readexactly(length)
    return head.split()[1]


def reset(writer: asyncio.StreamWriter) -> None:
    """Closes with RST instead of FIN (SO_LINGER on, 0 s)."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def says(*pieces: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)

    return behave


def says_then_resets(piece: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if piece:
            writer.write(piece)
            await writer.drain()
        reset(writer)

    return behave


def says_then_closes(piece: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(piece)
        writer.close()

    return behave


def says_then_hangs(piece: bytes) -> Behaviour:
    """Until the client goes away."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(piece)
        await reader.read()

    return behave


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte every 10 ms, which no time-out of a single read would ever notice; until the client goes away."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not reader.at_eof():
        writer.write(b".")
        try:
            await asyncio.wait_for(reader.read(1), 0.01)
        except TimeoutError:
            continue


BEHAVIOURS: dict[str, Behaviour] = {
    "/ok": says(OK),
    "/held": says(OK),
    "/first": says(OK),
    "/sold-out": says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 8\r\n\r\nsold out"),
    "/error": says(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000),
    "/shed": says(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"),
    "/unavailable": says(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
    "/no-content": says(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "/chunked": says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nok\r\n", b"0\r\n\r\n"),
    "/continue": says(b"HTTP/1.1 100 Continue\r\n\r\n", OK),
    "/continue-twice": says(b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + OK),
    "/continue-then-closes": says_then_closes(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "/continue-then-resets": says_then_resets(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "/early-hints": says(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK),
    "/says-close": says_then_closes(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
    "/keeps-open-but-says-close": says(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
    "/old": says_then_closes(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    "/until-close": says_then_closes(b"HTTP/1.1 200 OK\r\n\r\nok"),
    "/too-long": says(OK + b"and more"),
    "/twice": says(OK + OK),
    "/ok-then-closes": says_then_closes(OK),
    "/ok-then-resets": says_then_resets(OK),
    "/reset-before": says_then_resets(b""),
    "/reset-in-head": says_then_resets(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "/reset-after-head": says_then_resets(HEAD_OF_TEN),
    "/reset-in-body": says_then_resets(HEAD_OF_TEN + b"12345"),
    "/close-before": says_then_closes(b""),
    "/close-in-head": says_then_closes(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "/close-after-head": says_then_closes(HEAD_OF_TEN),
    "/close-in-body": says_then_closes(HEAD_OF_TEN + b"12345"),
    "/close-in-chunk": says_then_closes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nok"),
    "/garbage": says_then_hangs(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "/no-status": says_then_hangs(b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"),
    "/negative-length": says_then_hangs(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    "/bad-chunk": says_then_hangs(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "/two-lengths": says_then_hangs(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    "/huge-header": says_then_hangs(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n"),
    "/endless-header": says_then_hangs(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000),
    "/upgrade": says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes"),
    "/hang": says_then_hangs(b""),
    "/hang-in-head": says_then_hangs(b"HTTP/1.1 200 OK\r\n"),
    "/too-short": says_then_hangs(HEAD_OF_TEN + b"12345"),
    "/drip": drips,
}
