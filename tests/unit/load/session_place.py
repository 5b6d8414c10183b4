"""A scripted user over real TCP, before a server that keeps what it was asked, and all that is told about it."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from load_plans import constant
from tcp_server import listening

from lab.clock import Clock, MonotonicClock
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Row
from lab.http.client import HttpDialer
from lab.http.kept_answer import WholeAnswer
from lab.load.names import Names
from lab.load.sender import Sender
from lab.load.session import Session
from lab.load.user import User

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Served: yes\r\n\r\n" + b'{"ok":true}'
ANSWERS = {
    "/sold-out": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 8\r\n\r\nsold out",
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n",
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "/large": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000,
    "/garbage": b"SSH-2.0\r\n",
    "/closes": b"",
    "/breaks-off": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
}
HANGS_UP_AFTER = ("/garbage", "/closes", "/breaks-off")


@dataclass
class Server:
    """Keeps what it was asked, whole."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def keys(self) -> Counter[int]:
        return Counter(int(re.search(r"X-Lab-Key: (\d+)", head)[1]) for head in self.heads)  # type: ignore[index]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"Content-Length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                self.heads.append(head)
                self.bodies.append(body)
                path = head.split()[1]
                if path == "/hangs":
                    await reader.read()
                writer.write(ANSWERS.get(path, OK))
                if path in HANGS_UP_AFTER:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client closed its connection
        finally:
            self.writers.discard(writer)
            writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    async with listening(server.serve) as server.port:
        yield server


@dataclass
class Place:
    """A session and all that is told about it."""

    server: Server
    session: Session
    rows: RowBuffer
    names: Names
    checks: Counter[tuple[str, bool]]
    sender: Sender

    def taken(self) -> list[Row]:
        return list(self.rows.take())


def place(server: Server, clock: Clock | None = None, dialer: Any = None, vu: int = 3, **load: Any) -> Place:
    clock = clock or MonotonicClock(time.monotonic_ns())
    rows, names, checks = RowBuffer(scenario=2), Names({"order": 4, "coupon": 7}), Counter[tuple[str, bool]]()
    sender = Sender(
        dialer or HttpDialer("127.0.0.1", server.port, clock, WholeAnswer),
        clock,
        constant(1, **load),
        authority=f"127.0.0.1:{server.port}",
        headers={"X-Lab-Run": "run-1"},
        next_key=itertools.count(1000).__next__,
        record=rows.add,
        index_of=names,
        check=lambda name, passed: checks.update([(name, passed)]),
    )
    return Place(server, Session(User(vu, "7/2"), sender), rows, names, checks, sender)


Story = Callable[[Place], Awaitable[None]]
Run = Callable[..., None]
