"""The counting server: ``python -m benchmarks.against_k6.server``.

``GET /NAME/MS`` is answered MS milliseconds after it arrived; ``GET /seen`` with all that arrived so far, by name (:class:`Seen`,
as JSON). It prints its port, a free one of loopback, and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import cast

import httptools

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Seen:
    """Instants in ns, CLOCK_MONOTONIC. ``cut``: of those whose client was gone before it had its answer.

    ``began``: when the client's run began, as it says itself in the header ``X-Began`` (ms since the epoch); 0: it says nothing.
    ``late``: how late the latest answer was by our own clock: what the machine, not the client, has done to the figures.
    """

    arrived: list[int] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    began: int = 0
    late: int = 0


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, seen: defaultdict[str, Seen]) -> None:
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._began = 0
        self._waits: tuple[Seen, asyncio.TimerHandle] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._now_ns = time.monotonic_ns()
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own signature
        if self._waits is not None:
            seen, timer = self._waits
            timer.cancel()
            seen.cut.append(time.monotonic_ns())

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-began":
            self._began = round(float(value) * 1e6) - time.time_ns() + time.monotonic_ns()

    def on_message_complete(self) -> None:
        if self._url == b"/seen":
            body = json.dumps({name: asdict(each) for name, each in self._seen.items()}).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        _, name, work_ms = self._url.decode().split("/")
        seen = self._seen[name]
        seen.arrived.append(self._now_ns)
        seen.began = seen.began or self._began
        due_ns = self._now_ns + int(work_ms) * 1_000_000
        self._waits = seen, self._loop.call_at(due_ns / 1e9, self._answer, seen, due_ns)

    def _answer(self, seen: Seen, due_ns: int) -> None:
        self._waits = None
        self._transport.write(_OK)
        seen.late = max(seen.late, time.monotonic_ns() - due_ns)


async def main() -> None:
    seen: defaultdict[str, Seen] = defaultdict(Seen)
    server = await asyncio.get_running_loop().create_server(lambda: Line(seen), "127.0.0.1", 0, backlog=1024)
    gc.freeze()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
