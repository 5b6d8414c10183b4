from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import AsyncExitStack

import pytest
from target_wire import PATIENCE_S, ask, line, order, queue_of, request, settings_for

from target.listener import bind, listen
from target.service import serve_until, serving


async def begin_order(client):
    """Returns when the service works on it: it asks for the body by ``100 Continue`` only then."""
    head, body = order("k").split(b"\r\n\r\n")
    client.writer.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), PATIENCE_S) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.writer.write(body)


async def test_the_backlog_of_the_service_is_the_one_configured(tmp_path):
    settings = settings_for(tmp_path, backlog=33)
    async with serving(settings) as service:
        assert queue_of(service.front._listener)[1] == 33


async def test_an_inherited_listener_gets_the_configured_backlog_and_outlives_the_service(tmp_path):
    settings = settings_for(tmp_path, backlog=16)
    with bind(settings.host, 8080) as held:
        listen(held, 1000, defer_accept=False)
        with socket.create_connection(held.getsockname()) as early:  # came before the service did
            inherited = settings_for(tmp_path, host=settings.host, backlog=16, listen_fd=held.dup().detach())
            early.setblocking(False)
            async with serving(inherited) as service:
                assert service.port == 8080
                assert queue_of(held)[1] == 16
                reader, writer = await asyncio.open_connection(sock=early)
                writer.write(request("GET", "/openapi.json"))
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
                writer.close()
        socket.create_connection(held.getsockname()).close()  # queued by the kernel for the next start


async def test_a_request_in_flight_ends_before_the_service_does(tmp_path):
    settings = settings_for(tmp_path, work_ms=50)
    async with AsyncExitStack() as outlives_the_service:
        async with serving(settings) as service:
            client = await outlives_the_service.enter_async_context(line(settings.host, service.port))
            await begin_order(client)
        answer = await client.answer()
        assert answer.status == 200
        assert b"connection: close" in answer.head
        assert await client.ended() == b""


async def test_a_request_that_outlasts_the_grace_is_cut_without_an_answer(tmp_path):
    settings = settings_for(tmp_path, work_ms=100)
    async with serving(settings) as service, line(settings.host, service.port) as client:
        await begin_order(client)
        await service.front.close(0.01)
        assert await client.ended() == b""


async def test_an_idle_kept_connection_does_not_hold_up_the_end(tmp_path):
    settings = settings_for(tmp_path)
    async with serving(settings) as service, line(settings.host, service.port) as client:
        assert (await client.ask(order("k"))).status == 200
        await asyncio.wait_for(service.front.close(PATIENCE_S), 1)
        assert await client.ended() == b""


async def test_a_taken_service_port_is_an_error(tmp_path):
    settings = settings_for(tmp_path)
    async with serving(settings):
        with pytest.raises(OSError) as taken:
            async with serving(settings):
                pytest.fail("two services on one port")
    assert taken.value.errno == errno.EADDRINUSE


async def test_a_taken_health_port_is_an_error_and_the_service_port_never_answers(tmp_path):
    settings = settings_for(tmp_path)
    with bind(settings.host, 8081) as other:
        listen(other, 1, defer_accept=False)
        with pytest.raises(OSError):
            async with serving(settings):
                pytest.fail("two services on one health port")
    with pytest.raises(ConnectionRefusedError):
        await ask(settings.host, 8080, order("k"))


async def test_a_service_whose_listener_dies_ends_with_the_error(tmp_path):
    settings = settings_for(tmp_path)
    with bind(settings.host, 8080) as held:
        listen(held, 5, defer_accept=False)
        mortal = settings_for(tmp_path, host=settings.host, listen_fd=held.dup().detach())
        serving_task = asyncio.create_task(serve_until(mortal, asyncio.Event()))
        assert (await ask(settings.host, 8080, order("k"))).status == 200
        held.shutdown(socket.SHUT_RDWR)
        with pytest.raises(OSError):
            await asyncio.wait_for(serving_task, 5)
