"""A service in this process and a bare client for it. Each service has a loopback address of its own, so ports never clash."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from target.settings import Settings

PATIENCE_S = 5.0
_hosts = itertools.count(1)


def own_host() -> str:
    """An address of 127/8 that no other test, and no other test process, uses."""
    number = next(_hosts)
    return f"127.{64 + os.getpid() % 128}.{os.getpid() // 128 % 256}.{number % 254 + 1}"


def settings_for(tmp_path: Path, **changes: object) -> Settings:
    """Quick work on a database of the test's own."""
    quick = Settings(host=own_host(), work_ms=1, database_url=f"sqlite:///{tmp_path}/store.db")
    return replace(quick, **changes)


@dataclass(frozen=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: test", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def coupon(user: str, event: str = "spring") -> bytes:
    return request("POST", f"/coupons/{event}/issue", json.dumps({"user": user}).encode())


def order(key: str, quantity: int = 1) -> bytes:
    return request("POST", "/orders", json.dumps({"item": 1, "quantity": quantity}).encode(), Idempotency_Key=key)


class Line:
    """A client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, payload: bytes) -> Answer:
        self.writer.write(payload)
        return await self.answer()

    async def answer(self) -> Answer:
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            return Answer(int(head[9:12]), head, await self.reader.readexactly(length))

    async def ended(self) -> bytes:
        """What came until the other side closed; ConnectionResetError if it was reset."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()


@asynccontextmanager
async def line(host: str, port: int) -> AsyncIterator[Line]:
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except ConnectionError:
            pass  # a reset that the test has seen


async def ask(host: str, port: int, payload: bytes) -> Answer:
    async with line(host, port) as connection:
        return await connection.ask(payload)


def queue_of(listener: socket.socket) -> tuple[int, int]:
    """Connections in the accept queue, and its size: what ``ss -ltn`` shows as Recv-Q and Send-Q, from TCP_INFO."""
    unacked, sacked = struct.unpack_from("II", listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)
    return unacked, sacked
