from __future__ import annotations

import asyncio
import errno
import socket

import pytest
from target_wire import Line, line, own_host

from target.acceptor import Acceptor
from target.listener import bind, listen


class Echo(asyncio.Protocol):
    def __init__(self, release):
        self.release = release

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def connection_lost(self, exc):
        self.release()


@pytest.fixture
async def serve():
    """Starts acceptors of echo connections; ends them with the test."""
    ends = []

    async def start(most, full, make=Echo):
        listener = bind(own_host(), 8080)
        listen(listener, 128, defer_accept=False)
        task = asyncio.create_task(Acceptor(listener, make, most=most, full=full).run())
        ends.append((task, listener))
        return listener

    yield start
    for task, listener in ends:
        task.cancel()
        await asyncio.wait({task})
        listener.close()


async def echoed(client: Line) -> bytes:
    client.writer.write(b"x")
    return await client.reader.readexactly(1)


async def test_wait_leaves_a_connection_in_the_queue_until_a_place_is_free(serve):
    listener = await serve(1, "wait")
    async with line(*listener.getsockname()) as second_in_line, line(*listener.getsockname()) as third:
        assert await echoed(second_in_line) == b"x"
        waiting = asyncio.create_task(echoed(third))
        assert await echoed(second_in_line) == b"x"  # two more round trips, and the other still waits
        assert not waiting.done()
        second_in_line.writer.close()
        assert await asyncio.wait_for(waiting, 5) == b"x"


async def test_close_resets_whoever_comes_when_full(serve):
    listener = await serve(1, "close")
    async with line(*listener.getsockname()) as served:
        assert await echoed(served) == b"x"
        async with line(*listener.getsockname()) as refused:
            with pytest.raises(ConnectionResetError):
                await refused.ended()
        assert await echoed(served) == b"x"


async def test_close_serves_again_when_a_place_is_free(serve):
    listener = await serve(1, "close")
    for _ in range(3):
        async with line(*listener.getsockname()) as served:
            assert await echoed(served) == b"x"
            served.writer.write_eof()  # the server closes as well: its place is free before the next comes
            await served.ended()


async def test_of_a_burst_at_close_exactly_the_surplus_is_reset(serve):
    listener = await serve(10, "close")
    sockets = [socket.create_connection(listener.getsockname()) for _ in range(30)]
    reset = 0
    for sock in sockets:
        sock.setblocking(False)
        try:
            async with asyncio.timeout(5):
                await asyncio.get_running_loop().sock_sendall(sock, b"x")
                await asyncio.get_running_loop().sock_recv(sock, 1)
        except (ConnectionResetError, BrokenPipeError):
            reset += 1
    for sock in sockets:
        sock.close()
    assert reset == 20


async def test_one_connection_that_fails_does_not_end_the_acceptor_nor_keep_its_place(serve):
    made = []

    def fail_first(release):
        made.append(release)
        if len(made) == 1:
            raise OSError(errno.ENOTCONN, "gone already")
        return Echo(release)

    listener = await serve(1, "wait", fail_first)
    async with line(*listener.getsockname()) as failed:
        assert await failed.ended() == b""
    async with line(*listener.getsockname()) as served:
        assert await asyncio.wait_for(echoed(served), 5) == b"x"


async def test_an_acceptor_whose_listener_is_shut_down_ends_with_its_error():
    listener = bind(own_host(), 8080)
    listen(listener, 1, defer_accept=False)
    task = asyncio.create_task(Acceptor(listener, Echo, most=1, full="wait").run())
    await asyncio.sleep(0)
    listener.shutdown(socket.SHUT_RDWR)
    with pytest.raises(OSError, match="Invalid argument"):
        await asyncio.wait_for(task, 5)
    listener.close()
