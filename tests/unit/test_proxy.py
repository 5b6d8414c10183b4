"""Toxiproxy through its control: the real server where traffic matters, a stand-in where it would have to misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from lab.fault import Toxics
from lab.proxy import ProxyControl, ProxyError, ProxyGone, ProxyMissing, Stream, Toxic, ToxiproxyServer
from lab.toxiproxy_binary import PINNED, find

HANGS = -1
TIMEOUT_S = 0.05


class Asked(NamedTuple):
    method: str
    path: str
    token: str | None
    body: object


class StandIn(ThreadingHTTPServer):
    """Answers as Toxiproxy would, unless ``status`` says otherwise (HANGS: not before the test ends); keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _StandInAnswer)
        self.status = 200
        self.content = b""
        self.asked: list[Asked] = []
        self.over = threading.Event()


class _StandInAnswer(BaseHTTPRequestHandler):
    server: StandIn

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(Asked(self.command, self.path, self.headers["Authorization"], json.loads(body or b"null")))
        if self.server.status == HANGS:
            self.server.over.wait()
            return
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.content or self._usual())

    def _usual(self) -> bytes:
        proxy = {"name": "p", "listen": "127.0.0.1:9", "upstream": "127.0.0.1:8", "enabled": True}
        if self.path == "/version":
            return b'{"version": "2.13.0"}'
        return json.dumps(proxy if (self.command, self.path) == ("POST", "/proxies") else {}).encode()

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the base class names them so

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the output of the tests clean."""


@contextmanager
def stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in() as server:
        yield server


@pytest.fixture
def control(server: StandIn) -> Iterator[ProxyControl]:
    control = ProxyControl(server.server_port, timeout_s=TIMEOUT_S)
    yield control
    control.close()


async def with_proxy(control: ProxyControl) -> ProxyControl:
    await control.create("p", 9, 8)
    return control


# --- what the library lacks -------------------------------------------------------------------------------------------


def test_importing_the_control_does_not_import_the_library() -> None:
    code = "import sys, lab.proxy; sys.exit(any(name in sys.modules for name in ('toxiproxy', 'requests')))"
    assert subprocess.run([sys.executable, "-c", code], timeout=20).returncode == 0


def test_a_control_is_the_toxics_of_a_fault() -> None:
    toxics: Toxics = ProxyControl(1)  # mypy reads this
    assert toxics


async def test_two_controls_in_one_process_keep_their_servers_apart(server: StandIn, control: ProxyControl) -> None:
    with stand_in() as other:
        second = ProxyControl(other.server_port)
        await asyncio.gather(with_proxy(control), with_proxy(second))
        await control.add("mine", "latency", "upstream", {"latency": 1})
        await second.add("theirs", "latency", "upstream", {"latency": 1})
        second.close()

    def toxics_of(stand_in: StandIn) -> list[object]:
        return [asked.body["name"] for asked in stand_in.asked if isinstance(asked.body, dict) and "type" in asked.body]

    assert (toxics_of(server), toxics_of(other)) == (["mine"], ["theirs"])


async def test_the_library_that_others_import_stays_as_it_is(control: ProxyControl) -> None:
    from toxiproxy import proxy
    from toxiproxy.api import APIConsumer

    await with_proxy(control)
    assert proxy.APIConsumer is APIConsumer
    assert APIConsumer.port == 8474


async def test_every_request_carries_the_token_when_there_is_one(server: StandIn) -> None:
    control = await with_proxy(ProxyControl(server.server_port, token="s3cret"))
    await control.add("t", "latency", "upstream", {"latency": 1})
    await control.update("t", {"latency": 2})
    await control.remove("t")
    await control.toxics()
    await control.delete()
    control.close()
    assert {asked.method for asked in server.asked} == {"GET", "POST", "PATCH", "DELETE"}
    assert {asked.token for asked in server.asked} == {"Bearer s3cret"}


async def test_without_a_token_none_is_sent(server: StandIn, control: ProxyControl) -> None:
    await control.version()
    assert server.asked[0].token is None


async def test_a_refused_token_is_an_error_with_the_remedy(server: StandIn, control: ProxyControl) -> None:
    server.status = 401
    with pytest.raises(ProxyError, match="same token"):
        await control.ready(1)


async def test_the_control_ignores_the_proxies_of_the_environment(control: ProxyControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert await control.version() == "2.13.0"


@pytest.mark.parametrize("call", ["create", "add", "update", "remove", "toxics", "delete", "version"])
async def test_a_server_error_is_an_error_of_every_call(server: StandIn, control: ProxyControl, call: str) -> None:
    if call not in ("create", "version"):
        await with_proxy(control)
    server.status, server.content = 503, b'{"error": "no more", "status": 503}'
    calls = {
        "create": lambda: control.create("p", 9, 8),
        "add": lambda: control.add("t", "latency", "upstream", {}),
        "update": lambda: control.update("t", {}),
        "remove": lambda: control.remove("t"),
        "toxics": control.toxics,
        "delete": control.delete,
        "version": control.version,
    }
    with pytest.raises(ProxyError, match="503 no more") as error:
        await calls[call]()
    assert error.value.said == "503 no more"
    assert error.value.hint


async def test_an_answer_of_another_program_is_an_error(server: StandIn, control: ProxyControl) -> None:
    server.content = b"<html>hello</html>"
    with pytest.raises(ProxyError, match="another program"):
        await control.ready(1)


async def test_an_update_sends_only_what_is_to_change(server: StandIn, control: ProxyControl) -> None:
    await with_proxy(control)
    await control.update("t", {"latency": 7})
    await control.update("t", {}, toxicity=0.5)
    assert server.asked[-2:] == [
        Asked("PATCH", "/proxies/p/toxics/t", None, {"attributes": {"latency": 7}}),
        Asked("PATCH", "/proxies/p/toxics/t", None, {"attributes": {}, "toxicity": 0.5}),
    ]


async def test_a_name_that_would_change_the_address_is_refused(server: StandIn, control: ProxyControl) -> None:
    await with_proxy(control)
    before = len(server.asked)
    with pytest.raises(ProxyError, match="is no name"):
        await control.remove("../reset")
    assert len(server.asked) == before


# --- time-outs and order ----------------------------------------------------------------------------------------------


async def test_a_hung_call_ends_at_its_time_out_and_the_loop_goes_on_meanwhile(server: StandIn, control: ProxyControl) -> None:
    await with_proxy(control)
    server.status = HANGS
    hung = asyncio.ensure_future(control.toxics())
    turns = 0
    while not hung.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    with pytest.raises(ProxyError, match=r"no answer within 0\.05 s"):
        hung.result()


@pytest.mark.slow
async def test_a_call_behind_a_hung_one_is_bounded_too(server: StandIn) -> None:
    async with asyncio.timeout(2):
        control = ProxyControl(server.server_port, timeout_s=TIMEOUT_S)
        await control.version()
        server.status = HANGS
        results = await asyncio.gather(*(control.version() for _ in range(10)), return_exceptions=True)
        control.close()
    assert all(isinstance(result, ProxyError) for result in results)
    assert "a call before it hangs" in str(results[-1])


async def test_a_call_whose_caller_is_cancelled_is_still_made_before_the_heal(server: StandIn) -> None:
    control = await with_proxy(ProxyControl(server.server_port))
    inject = asyncio.ensure_future(control.add("t", "reset_peer", "upstream", {"timeout": 0}))
    await asyncio.sleep(0)  # it has been asked
    inject.cancel()
    heal = asyncio.ensure_future(control.remove("t"))
    await asyncio.sleep(0)
    heal.cancel()
    await control.version()
    control.close()
    assert [asked.method for asked in server.asked[-3:]] == ["POST", "DELETE", "GET"]


async def test_a_server_that_is_gone_is_an_error_not_a_hang() -> None:
    control = ProxyControl(1)
    with pytest.raises(ProxyGone):
        await control.create("p", 9, 8)
    with pytest.raises(ProxyGone, match=r"nothing within 0\.05 s"):
        await control.ready(0.05)
    control.close()


async def test_readiness_has_its_deadline_when_the_server_accepts_and_is_silent(server: StandIn) -> None:
    server.status = HANGS
    control = ProxyControl(server.server_port)
    with pytest.raises(ProxyGone, match=r"nothing within 0\.05 s"):
        await control.ready(0.05)
    control.close()


async def test_without_a_proxy_there_is_nothing_to_add_to_and_nothing_to_heal(control: ProxyControl) -> None:
    with pytest.raises(ProxyMissing, match="create it first"):
        await control.add("t", "latency", "upstream", {})
    await control.remove("t")
    await control.delete()


async def test_a_control_speaks_for_one_proxy_at_a_time(control: ProxyControl) -> None:
    await with_proxy(control)
    with pytest.raises(ProxyError, match="delete it first"):
        await control.create("q", 9, 8)
    await control.delete()
    await with_proxy(control)


def test_the_token_reaches_the_server_by_its_environment_only() -> None:
    assert ToxiproxyServer.env("s3cret")["TOXIPROXY_AUTH_TOKEN"] == "s3cret"
    assert "TOXIPROXY_AUTH_TOKEN" not in ToxiproxyServer.env(None)
    assert ToxiproxyServer.argv(Path("/x/server"), 7) == ["/x/server", "-host", "127.0.0.1", "-port", "7"]


# --- the real server --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def binary() -> Path:
    return find(None, print).path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Real(NamedTuple):
    """A running server with its API on ``api``, its control, and the ``port`` of its proxy before an echo service."""

    process: subprocess.Popen[bytes]
    api: int
    control: ProxyControl
    port: int
    answered: asyncio.Event
    """The echo service has answered."""

    async def connect(self) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))


class Client(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self) -> str:
        """Sends a line and says what came of it: ``ok``, ``closed`` (FIN) or ``reset`` (RST)."""
        try:
            self.writer.write(b"hello\n")
            return "ok" if await asyncio.wait_for(self.reader.readline(), 2) == b"hello\n" else "closed"
        except ConnectionResetError:
            return "reset"

    def close(self) -> None:
        self.writer.transport.abort()


async def echo(answered: asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while line := await reader.readline():
            writer.write(line)
            answered.set()
    except ConnectionResetError:
        pass  # the fault under test
    finally:
        writer.close()


@asynccontextmanager
async def toxiproxy(binary: Path, timeout_s: float = 5.0) -> AsyncIterator[Real]:
    api = free_port()
    process = subprocess.Popen(  # noqa: ASYNC220 - 1 ms, and its end must not depend on the loop
        ToxiproxyServer.argv(binary, api),
        env={"PATH": os.defpath} | ToxiproxyServer.env(None),
        stdout=subprocess.DEVNULL,
    )
    control = ProxyControl(api, timeout_s=timeout_s)
    answered = asyncio.Event()
    try:
        async with await asyncio.start_server(partial(echo, answered), "127.0.0.1", 0) as upstream:
            await control.ready(5)
            port = await control.create("p", 0, upstream.sockets[0].getsockname()[1])
            yield Real(process, api, control, port, answered)
    finally:
        process.kill()
        process.wait()
        control.close()


@pytest.fixture
async def real(binary: Path) -> AsyncIterator[Real]:
    async with toxiproxy(binary) as real:
        yield real


async def fresh(real: Real) -> str:
    client = await real.connect()
    try:
        return await client.ask()
    finally:
        client.close()


RESET: tuple[str, Stream, dict[str, int]] = ("reset_peer", "downstream", {"timeout": 0})


@pytest.mark.toxiproxy
async def test_the_server_is_the_pinned_one(real: Real) -> None:
    assert await real.control.version() == PINNED


@pytest.mark.toxiproxy
@pytest.mark.parametrize("stream", ["upstream", "downstream"])
async def test_a_reset_added_in_mid_traffic_resets_new_connections_and_its_removal_heals(real: Real, stream: Stream) -> None:
    assert await fresh(real) == "ok"
    await real.control.add("r", "reset_peer", stream, {"timeout": 0})
    assert [await fresh(real) for _ in range(20)] == ["reset"] * 20
    await real.control.remove("r")
    assert [await fresh(real) for _ in range(20)] == ["ok"] * 20


@pytest.mark.toxiproxy
async def test_connections_kept_from_before_end_too_by_reset_or_by_close(real: Real) -> None:
    kept = [await real.connect() for _ in range(20)]
    assert [await client.ask() for client in kept] == ["ok"] * 20
    await real.control.add("r", *RESET)
    seen = [await client.ask() for client in kept]
    print({outcome: seen.count(outcome) for outcome in set(seen)})  # which one is the kernel's and Go's to choose
    assert set(seen) <= {"reset", "closed"}
    await real.control.remove("r")
    for client in kept:
        client.close()


@pytest.mark.toxiproxy
async def test_a_kept_connection_that_was_idle_through_the_fault_lives_on(real: Real) -> None:
    idle = await real.connect()
    assert await idle.ask() == "ok"
    await real.control.add("r", *RESET)
    await real.control.remove("r")
    assert await idle.ask() == "ok"
    idle.close()


@pytest.mark.toxiproxy
async def test_a_toxic_is_listed_as_it_was_added_and_updated(real: Real) -> None:
    await real.control.add("slow", "latency", "upstream", {"latency": 5, "jitter": 1}, toxicity=0.5)
    await real.control.update("slow", {"latency": 9})
    assert await real.control.toxics() == (Toxic("slow", "latency", "upstream", {"latency": 9, "jitter": 1}, 0.5),)


@pytest.mark.toxiproxy
async def test_adding_twice_is_a_clear_error_and_removing_twice_is_none(real: Real) -> None:
    await real.control.add("r", *RESET)
    with pytest.raises(ProxyError, match=r"add toxic r \(reset_peer, downstream.*already exists") as error:
        await real.control.add("r", *RESET)
    assert error.value.said == "toxic already exists"
    await real.control.remove("r")
    await real.control.remove("r")
    assert await real.control.toxics() == ()


@pytest.mark.toxiproxy
async def test_what_the_server_does_not_know_is_a_clear_error(real: Real) -> None:
    with pytest.raises(ProxyError, match="invalid toxic type"):
        await real.control.add("r", "flood", "upstream", {})
    with pytest.raises(ProxyMissing, match="toxic not found"):
        await real.control.update("r", {})


@pytest.mark.toxiproxy
async def test_a_proxy_port_that_is_taken_is_an_error(real: Real) -> None:
    taken = ProxyControl(real.api)
    with pytest.raises(ProxyError, match="address already in use"):
        await taken.create("q", real.port, 1)
    taken.close()


@pytest.mark.toxiproxy
async def test_removing_a_toxic_that_sleeps_blocks_the_server_and_not_the_lab(binary: Path) -> None:
    async with toxiproxy(binary, timeout_s=0.1) as real:
        await real.control.add("r", "reset_peer", "downstream", {"timeout": 30_000})
        client = await real.connect()
        client.writer.write(b"hello\n")
        await asyncio.wait_for(real.answered.wait(), 2)
        await real.control.toxics()  # a round trip more, in which the answer reaches the toxic
        with pytest.raises(ProxyError, match=r"remove toxic r: no answer within 0\.1 s\nhint: .*end the Toxiproxy server"):
            await real.control.remove("r")
        client.close()


@pytest.mark.toxiproxy
async def test_deleting_a_proxy_frees_its_port_for_the_next_stage(real: Real) -> None:
    await real.control.delete()
    await real.control.delete()
    with pytest.raises(ConnectionRefusedError):
        await real.connect()
    assert await real.control.create("p", real.port, 1) == real.port


@pytest.mark.toxiproxy
async def test_two_servers_are_independent(binary: Path, real: Real) -> None:
    async with toxiproxy(binary) as other:
        await real.control.add("r", *RESET)
        assert await other.control.toxics() == ()
        assert (await fresh(real), await fresh(other)) == ("reset", "ok")


@pytest.mark.toxiproxy
async def test_a_server_that_was_killed_is_an_error_of_the_next_call(real: Real) -> None:
    real.process.kill()
    real.process.wait()
    with pytest.raises(ProxyGone):
        await real.control.remove("r")
