"""A look at a listener changes nothing of it for the process whose it is."""

from __future__ import annotations

import fcntl
import os
import socket

import pytest

from lab.runtimes.listener import duplicate, twin


def blocks(sock: socket.socket) -> bool:
    """What the kernel has, for all that share the socket; Python's own note of it is each object's."""
    return not fcntl.fcntl(sock, fcntl.F_GETFL) & os.O_NONBLOCK


@pytest.mark.parametrize("how", ["twin", "duplicate"])
def test_who_duplicates_a_listener_does_not_make_it_block(how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        other = twin(listener) if how == "twin" else duplicate(os.getpid(), listener.getsockname()[1])
        assert other is not None
        with other:
            assert not blocks(listener)
            assert (other.getsockname(), other.get_inheritable()) == (listener.getsockname(), False)
