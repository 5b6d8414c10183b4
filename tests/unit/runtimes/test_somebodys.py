"""Somebody's running service: what is said when it does not become ready."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lab.clock import MonotonicClock
from lab.drill.address import address_of
from lab.drill.model import Target
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes.somebodys import SomebodysService

REMEDY = "; target: {ready: PATH} names a path that answers 200 when it is ready (/health unless said)"


def service(port: int, ready: str = "/health") -> SomebodysService:
    url = f"http://127.0.0.1:{port}"
    return SomebodysService(Target(url=url, ready=ready), address_of(url), MonotonicClock(time.monotonic_ns()))


@asynccontextmanager
async def answering(path: str) -> AsyncIterator[int]:
    """200 for this path, 404 for all others."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % (b"200 OK" if asked == path else b"404 Not Found"))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_path_that_is_not_there_is_told_with_its_status_and_the_key_that_names_another() -> None:
    async with answering("/up") as port:
        with pytest.raises(ServiceFailed) as failed:
            await service(port).until_ready(0.0)
        assert str(failed.value) == f"http://127.0.0.1:{port}/health gave no good answer within 0 s: status 404{REMEDY}"
        await service(port, "/up").until_ready(0.0)


async def test_its_health_is_asked_once() -> None:
    async with answering("/up") as port:
        assert await service(port, "/up").ask_health(1.0) == ""
        assert await service(port).ask_health(1.0) == "status 404"


async def test_nobody_there_is_told_by_what_came_of_it() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ServiceFailed) as failed:
            await service(closed.getsockname()[1]).until_ready(0.0)
    assert str(failed.value).endswith(f"/health gave no good answer within 0 s: connect refused{REMEDY}")
