"""Toxiproxy's control before a stand-in, where the server would have to misbehave."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from lab.fault import Toxics
from lab.proxy import ProxyControl, ProxyError, ProxyGone, ProxyMissing, ToxiproxyServer

HANGS = -1
HUNG_S = 0.3
"""A call that hangs is given up after so long; a busy machine answers one that does not in less."""


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
    control = ProxyControl(server.server_port)
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


@pytest.mark.slow
async def test_a_hung_call_ends_at_its_time_out_and_the_loop_goes_on_meanwhile(server: StandIn) -> None:
    control = await with_proxy(ProxyControl(server.server_port, timeout_s=HUNG_S))
    server.status = HANGS
    hung = asyncio.ensure_future(control.toxics())
    turns = 0
    while not hung.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    with pytest.raises(ProxyError, match=r"no answer within 0\.3 s"):
        hung.result()
    control.close()


@pytest.mark.slow
async def test_a_call_behind_a_hung_one_is_bounded_too(server: StandIn) -> None:
    async with asyncio.timeout(2):
        control = ProxyControl(server.server_port, timeout_s=HUNG_S)
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
