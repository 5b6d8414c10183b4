"""The least that a burst can be in Python: uvloop, asyncio.Protocol, httptools; no engine, no rows, no time-outs.

python benchmarks/scripts/burst_bare.py HOST PORT PATH USERS BODY
"""

import asyncio
import gc
import json
import statistics
import sys
import time
from typing import cast

import httptools
import uvloop


class One(asyncio.Protocol):
    """One connection, one request."""

    def __init__(self, payload: bytes, done: "asyncio.Future[None]") -> None:
        self._payload = payload
        self._done = done
        self._parser = httptools.HttpResponseParser(self)
        self.sent_ns = self.end_ns = self.status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._payload)
        self.sent_ns = time.monotonic_ns()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.end_ns = time.monotonic_ns()
        self.status = self._parser.get_status_code()
        self._done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed before the answer"))


async def one(host: str, port: int, payload: bytes) -> One:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    _, protocol = await loop.create_connection(lambda: One(payload, done), host, port)
    await done
    return protocol


async def main(host: str, port: int, path: str, users: int, body: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    payload = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    gc.collect()
    gc.freeze()
    gc.disable()
    begin_ns = time.monotonic_ns()
    all_of_them = await asyncio.gather(*(one(host, port, payload) for _ in range(users)))
    assert all(each.status == 200 for each in all_of_them)
    print(
        json.dumps(
            {
                "wall_ms": (max(each.end_ns for each in all_of_them) - begin_ns) / 1e6,
                "due_p50_ms": statistics.median(each.end_ns - begin_ns for each in all_of_them) / 1e6,
                "service_p50_ms": statistics.median(each.end_ns - each.sent_ns for each in all_of_them) / 1e6,
            }
        )
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]))
