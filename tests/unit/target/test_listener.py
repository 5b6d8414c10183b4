from __future__ import annotations

import errno
import os
import socket

import pytest
from target_wire import own_host, queue_of

from target.listener import bind, inherit, is_listening, listen


@pytest.fixture
def listener():
    with bind(own_host(), 8080) as sock:
        yield sock


def test_a_bound_socket_refuses_until_it_listens(listener):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.getsockname())
    assert not is_listening(listener)
    listen(listener, 5, defer_accept=False)
    assert is_listening(listener)
    socket.create_connection(listener.getsockname()).close()


def test_the_backlog_is_the_size_of_the_accept_queue(listener):
    listen(listener, 7, defer_accept=False)
    assert queue_of(listener) == (0, 7)


def test_an_inherited_listener_gets_this_starts_backlog_and_deferral(listener):
    listen(listener, 1000, defer_accept=True)
    with inherit(os.dup(listener.fileno())) as inherited:
        listen(inherited, 16, defer_accept=False)
    assert queue_of(listener) == (0, 16)
    assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT) == 0


def test_with_defer_accept_a_silent_connection_does_not_enter_the_queue(listener):
    listen(listener, 5, defer_accept=True)
    with socket.create_connection(listener.getsockname()) as client:
        assert queue_of(listener)[0] == 0
        client.sendall(b"x")
        assert queue_of(listener)[0] == 1


def test_without_defer_accept_it_does(listener):
    listen(listener, 5, defer_accept=False)
    with socket.create_connection(listener.getsockname()):
        assert queue_of(listener)[0] == 1


def test_a_taken_address_is_refused(listener):
    listen(listener, 5, defer_accept=False)
    with pytest.raises(OSError) as taken:
        bind(*listener.getsockname())
    assert taken.value.errno == errno.EADDRINUSE


def test_a_file_is_no_listener_and_stays_open(tmp_path):
    with (tmp_path / "file").open("w") as file:
        with pytest.raises(OSError):
            inherit(file.fileno())
        file.write("still open")


def test_a_unix_socket_is_no_listener_and_stays_open():
    left, right = socket.socketpair()
    with left, right:
        with pytest.raises(OSError, match="not a TCP socket"):
            inherit(left.fileno())
        left.sendall(b"still open")


def test_a_closed_socket_does_not_listen(listener):
    listen(listener, 5, defer_accept=False)
    listener.close()
    assert not is_listening(listener)
