"""A ledger is anybody's answer: taken when it has the shape, refused in words when it has not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.clock import MonotonicClock
from lab.drill.model import Target
from lab.history.model.ledger import Ledger, Stored
from lab.runtimes.processes.ledger import ledger_of
from lab.runtimes.processes.ports import Ports
from lab.runtimes.processes.service import ProcessService

KEY = "00000000-0000-4000-8000-0000000000ff"


def test_a_ledger_of_the_expected_shape_is_taken() -> None:
    answer = {"stored": {"order": [KEY], "coupon": []}, "limits": {"coupon": 3}, "more": None}
    assert ledger_of(answer) == Ledger((Stored("order", 255),), {"coupon": 3})
    assert ledger_of({"stored": {}}) == Ledger()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, "not {}"),
        ([], "not []"),
        (None, "not None"),
        ("stored", "not 'stored'"),
        ({"stored": [KEY]}, "not {'stored'"),
        ({"stored": {"order": 3}}, "under stored.order a list of keys, not 3"),
        ({"stored": {"order": [7]}}, "8 hex digits, not 7"),
        ({"stored": {"order": ["no-key-of-ours"]}}, "8 hex digits, not 'no-key-of-ours'"),
        ({"stored": {"order": [""]}}, "8 hex digits, not ''"),
        ({"stored": {}, "limits": [1]}, "whole numbers under limits, not [1]"),
        ({"stored": {}, "limits": {"coupon": "3"}}, "whole numbers under limits, not {'coupon': '3'}"),
        ({"stored": {}, "limits": None}, "whole numbers under limits, not None"),
    ],
)
def test_a_ledger_of_another_shape_is_refused_with_what_was_expected(answer: object, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        ledger_of(answer)
    assert str(caught.value).startswith('expected {"stored"')


@pytest.fixture
async def answering(tmp_path: Path) -> AsyncIterator[dict[str, bytes]]:
    """A port that answers whatever it is asked with ``says``; ``port`` as text."""
    said = {"says": b""}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said["says"])
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    said["port"] = str(server.sockets[0].getsockname()[1]).encode()
    async with server:
        yield said


@pytest.mark.parametrize(
    "says",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
)
async def test_whatever_comes_instead_of_a_ledger_is_an_os_or_a_value_error(
    says: bytes, answering: dict[str, bytes], tmp_path: Path
) -> None:
    answering["says"] = says
    ports = Ports(service=1, health=int(answering["port"]), proxy=1, toxiproxy=1)
    service = ProcessService(Target(command="x", ledger="/ledger"), ports, tmp_path, {}, MonotonicClock(0))
    with pytest.raises((OSError, ValueError)):
        await service.ledger()
