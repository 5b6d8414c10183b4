"""A server that counts what it has read, by its keys."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tcp_server import listening

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_KEY = re.compile(rb'"key":"(\d+)"')


@dataclass
class CountingServer:
    """Answers 200 to nearly everything; hangs up on every ``moody``-th request, after it has counted it."""

    moody: int = 0
    port: int = 0
    seen: Counter[int] = field(default_factory=Counter)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))  # type: ignore[index]
                self.seen[int(_KEY.search(body)[1])] += 1  # type: ignore[index]
                if self.moody and self.seen.total() % self.moody == 0:
                    break
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client closed its connection
        finally:
            writer.transport.abort()


@asynccontextmanager
async def counting_server(moody: int = 0) -> AsyncIterator[CountingServer]:
    server = CountingServer(moody)
    async with listening(server.serve, backlog=1024) as server.port:
        yield server
