"""What is read at a listener, with the kernel's answer over netlink and without."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.clock import MonotonicClock
from lab.history.model.events import AcceptEvent
from lab.runtimes.processes import accepting
from lab.watch import inet_diag


@dataclass
class Target:
    """This very process as the target."""

    sock: socket.socket
    port: int
    settings: dict[str, Any] = field(default_factory=lambda: {"max_connections": 50})
    drops: int = 0
    pid: int = os.getpid()

    @contextmanager
    def listener(self) -> Iterator[socket.socket]:
        if self.sock.fileno() < 0:
            raise ProcessLookupError
        yield self.sock

    def listen_drops(self) -> int:
        return self.drops


@pytest.fixture
def target() -> Iterator[Target]:
    with socket.create_server(("127.0.0.1", 0), backlog=5) as sock:
        yield Target(sock, sock.getsockname()[1])


async def read(target: Any, *alarms: str, own_network: bool = False) -> AcceptEvent:
    return await accepting.read(target, alarms, own_network=own_network, clock=MonotonicClock(0))


def refuse(*_: Any) -> Any:
    raise PermissionError


@pytest.mark.parametrize("forbidden", [False, True], ids=["netlink", "without"])
async def test_what_waits_and_what_is_open(target: Target, forbidden: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if forbidden:
        monkeypatch.setattr(inet_diag, "accept_queue", refuse)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(socket.create_connection(target.sock.getsockname()))
        stack.enter_context(target.sock.accept()[0])
        found = await read(target, "queue", "connections")
    assert (found.waiting, found.limit, found.connections, found.most) == (1, 5, 1, 50)
    assert found.t_ns > 0


async def test_without_netlink_connections_are_those_of_the_process(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inet_diag, "accepted", refuse)
    before = (await read(target, "connections")).connections
    with socket.create_connection(target.sock.getsockname()), target.sock.accept()[0]:
        assert (await read(target, "connections")).connections == before + 2  # both ends are ours


async def test_a_target_without_a_limit_has_none(target: Target) -> None:
    target.settings = {"max_connections": "many"}
    assert (await read(target, "connections")).most == 0


async def test_where_nothing_listens_nothing_is_told(target: Target) -> None:
    target.sock.close()
    found = await read(target, "queue", "connections", "overflows")
    assert (found.waiting, found.limit, found.connections, found.drops) == (0, 0, 0, 0)


@pytest.mark.parametrize("own_network", [False, True])
async def test_drops_are_read_where_a_rule_is_about_them(target: Target, own_network: bool) -> None:
    target.drops = 1 << 40
    assert (await read(target, "queue", own_network=own_network)).drops == 0
    found = await read(target, "overflows", own_network=own_network)
    assert (found.drops > 1 << 39) is not own_network
