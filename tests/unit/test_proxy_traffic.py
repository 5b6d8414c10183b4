"""Toxiproxy through its control: the real server, where traffic matters."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from lab.proxy import ProxyControl, ProxyError, ProxyGone, ProxyMissing, Stream, Toxic, ToxiproxyServer
from lab.toxiproxy_binary import PINNED, find


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
