"""What the kernel tells of our own sockets."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lab.runtimes import listener
from lab.watch import inet_diag


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family, backlog=7) as sock:
        yield sock


def test_the_queue_is_what_the_listener_itself_says(server: socket.socket) -> None:
    host, port, *_ = server.getsockname()
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection((host, port)))
        assert inet_diag.accept_queue(port) == (3, 7) == listener.accept_queue(server)
        stack.enter_context(server.accept()[0])
        assert inet_diag.accept_queue(port) == (2, 7)
        assert inet_diag.accepted(port) == 1  # the two that wait are established and nobody's yet


def test_where_nobody_listens_there_is_no_queue() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert inet_diag.accept_queue(port) is None
        assert inet_diag.accepted(port) == 0


def test_an_error_of_the_kernel_is_one() -> None:
    refused = inet_diag.HEADER.pack(20, 2, 0, 1, 0) + (-1).to_bytes(4, sys.byteorder, signed=True)
    with pytest.raises(PermissionError):
        inet_diag.answered(refused)
