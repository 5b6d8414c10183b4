"""The client as a transport of httpx: same honesty, httpx's own errors."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from authority import Authority
from fault_server import FaultServer, RunStory, until

from lab.clock import MonotonicClock
from lab.http.httpx_transport import LabTransport
from lab.http.tls import client_context

CLOCK = MonotonicClock(time.monotonic_ns())
Story = Callable[[httpx.AsyncClient, FaultServer], Awaitable[None]]
Run = Callable[[Story], None]


@pytest.fixture
def run(run_story: RunStory) -> Run:
    async def with_client(server: FaultServer, story: Story) -> None:
        transport = LabTransport(CLOCK)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{server.port}") as client:
            await story(client, server)

    return lambda story: run_story(lambda server: with_client(server, story))


def test_an_answer_is_a_real_httpx_response(run: Run) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        response = await client.post("/sold-out", json={"item": 1})
        assert (response.status_code, response.text, response.headers["content-length"]) == (400, "sold out", "8")
        assert (await client.get("/chunked")).text == "ok"

    run(story)


def test_one_line_per_address_is_kept(run: Run) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        for _ in range(3):
            assert (await client.get("/ok")).is_success
        assert (server.seen["/ok"], server.connections) == (3, 1)

    run(story)


def test_a_streamed_body_arrives_with_a_length(run: Run) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a" * 10
            yield b"b" * 10

        assert (await client.post("/ok", content=pieces())).is_success
        assert (await client.get("/ok")).is_success  # nothing of the body was taken for another request
        assert server.seen == {"/ok": 2}

    run(story)


def test_a_line_that_the_server_closed_while_idle_is_dialled_again(run: Run) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        await client.get("/ok")
        server.close_all()
        await until(lambda: not server.writers)
        assert (await client.get("/ok")).is_success
        assert server.connections == 2

    run(story)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/reset-before", httpx.ReadError),
        ("/reset-in-body", httpx.ReadError),
        ("/close-before", httpx.RemoteProtocolError),
        ("/close-in-body", httpx.RemoteProtocolError),
        ("/garbage", httpx.RemoteProtocolError),
        ("/hang", httpx.ReadTimeout),
        ("/drip", httpx.ReadTimeout),
    ],
)
def test_each_fault_is_httpx_own_error_and_is_not_retried(run: Run, path: str, error: type[httpx.TransportError]) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        with pytest.raises(error):
            await client.get(path, timeout=0.04 if error is httpx.ReadTimeout else None)
        assert server.seen[path] == 1

    run(story)


def test_nobody_listens_is_a_connect_error(run: Run) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://127.0.0.1:{bound.getsockname()[1]}/")

    run(story)


def test_a_full_accept_queue_is_a_connect_timeout(run: Run) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            with socket.create_connection(listener.getsockname()), pytest.raises(httpx.ConnectTimeout):
                await client.get(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=httpx.Timeout(5, connect=0.04))

    run(story)


@pytest.mark.parametrize(("method", "url"), [("GET", "ftp://127.0.0.1/"), ("HEAD", "http://127.0.0.1/")])
def test_what_it_cannot_do_it_refuses(run: Run, method: str, url: str) -> None:
    async def story(client: httpx.AsyncClient, server: FaultServer) -> None:
        with pytest.raises(httpx.UnsupportedProtocol):
            await client.request(method, url)

    run(story)


def test_https_is_verified_and_its_line_kept(run_story: RunStory, trust: Authority) -> None:
    async def story(server: FaultServer) -> None:
        transport = LabTransport(CLOCK, client_context(trust.cafile))
        async with httpx.AsyncClient(transport=transport, base_url=f"https://localhost:{server.port}") as client:
            for _ in range(3):
                assert (await client.post("/ok", json={"item": 1})).text == "ok"
        assert (server.seen["/ok"], server.connections) == (3, 1)

    run_story(story, trust.trusted)


def test_without_a_context_the_system_s_authorities_are_asked(run_story: RunStory, trust: Authority) -> None:
    async def story(server: FaultServer) -> None:
        async with httpx.AsyncClient(transport=LabTransport(CLOCK)) as client:
            with pytest.raises(httpx.ConnectError, match="TLS"):
                await client.get(f"https://localhost:{server.port}/ok")
        assert not server.seen

    run_story(story, trust.trusted)
