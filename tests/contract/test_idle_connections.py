"""What this fault promises beyond what all of them do."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from lab import catalogue


@pytest.mark.slow  # it gives up after 2 s
def test_behind_a_full_accept_queue_it_holds_what_got_in() -> None:
    fault: Any = catalogue.faults()["idle_connections"](count=50)

    async def story(port: int) -> tuple[str, dict[str, int]]:
        place = SimpleNamespace(target=SimpleNamespace(port=port))
        async with asyncio.timeout(10), fault.inject(place) as done:
            return done, dict(fault.evidence(place))

    with socket.create_server(("127.0.0.1", 0), backlog=3) as listener:  # room for four, and nobody takes them
        done, evidence = asyncio.run(story(listener.getsockname()[1]))
    assert (done, evidence) == ("4 connections with half a request on each", {"held": 4})
