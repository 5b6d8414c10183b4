"""A listener that the lab holds: its queue outlives the process, and whoever needs the socket finds it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faults.backlog import Backlog
from lab.clock import MonotonicClock
from lab.drill.model import Respond, Target
from lab.fault import Place
from lab.respond import actions
from lab.runtimes.base import CommandEnd, ServiceFailed
from lab.runtimes.processes.ports import Ports, choose
from lab.runtimes.processes.service import ProcessService
from lab.watch.alarms import Standing

pytestmark = pytest.mark.slow

SERVER = """
import http.server, os, signal, socket, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *ignored):
        pass
def told(*_):
    print("told to end", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, told)
server = http.server.HTTPServer(("", 0), Answer, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(os.environ["TARGET_LISTEN_FD"]))
server.serve_forever()
"""
DIED = Standing("died", 0, 0, "died")
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture
def ports() -> Ports:
    return choose(None, own_network=False)


@pytest.fixture
async def service(tmp_path: Path, ports: Ports) -> AsyncIterator[ProcessService]:
    (tmp_path / "logs").mkdir()
    (tmp_path / "server.py").write_text(SERVER)
    target = Target(command=f"{sys.executable} -S {tmp_path}/server.py {{listen_fd}}", listener="inherited")
    service = ProcessService(target, ports, tmp_path, {"PATH": "/usr/bin:/bin"}, MonotonicClock(0))
    await service.start({"backlog": 64})
    await service.until_ready(10)
    yield service
    await service.stop(0)
    service.release()


async def answered(port: int) -> bool:
    """Raises ConnectionRefusedError; a process that is killed loses what it had accepted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(REQUEST)
        return (await reader.read()).startswith(b"HTTP/1.0 200")
    except ConnectionResetError:
        return False
    finally:
        writer.close()


async def run_nothing(*_: object) -> CommandEnd:
    raise AssertionError("no command here")


async def refused(port: int) -> bool:
    try:
        await answered(port)
    except ConnectionRefusedError:
        return True
    return False


def means(service: ProcessService, states: list[str] | None = None) -> actions.Means:
    told: list[str] = states if states is not None else []
    return actions.Means(service, run_nothing, lambda: {"backlog": 32}, lambda _settings: None, 10.0, told.append, told.append)


@pytest.mark.parametrize("how", ["kill", "graceful"])
async def test_nobody_is_refused_while_it_is_restarted(service: ProcessService, how: str) -> None:
    first, states = service.pid, list[str]()
    rule = Respond(when="died", do="restart", how=how)  # type: ignore[arg-type]  # one of the two
    restarting = asyncio.ensure_future(actions.restart(rule, DIED, means(service, states)))
    while not restarting.done():
        await answered(service.port)
    await restarting
    assert await answered(service.port)
    assert service.pid != first
    assert states == ["stopping", "stopped", "starting", "started", "ready"]
    assert ("told to end" in service.log.read_text()) == (how == "graceful")
    assert service.backlog() == 32


async def test_who_comes_while_nothing_runs_is_answered_by_the_next_process(service: ProcessService) -> None:
    service.kill()
    await asyncio.wait_for(service.until_dead(), 5)
    waiting = asyncio.ensure_future(answered(service.port))
    await service.start({"backlog": 64})
    assert await asyncio.wait_for(waiting, 10)


async def test_a_process_that_does_not_heed_sigterm_is_killed_after_its_grace(service: ProcessService) -> None:
    service.signal(signal.SIGSTOP)
    await actions.restart(Respond(when="died", do="restart", how="graceful", grace=0.05), DIED, means(service))
    assert await answered(service.port)


async def test_the_backlog_fault_finds_it_and_puts_it_back(service: ProcessService) -> None:
    place = Place(service, None, own_network=False)
    async with Backlog(size=3).inject(place) as done:
        assert done.startswith("backlog 64→3, live")
        assert service.backlog() == 3
    assert service.backlog() == 64


async def test_the_backlog_fault_heals_where_its_process_went_and_the_queue_stayed(service: ProcessService) -> None:
    async with Backlog(size=3).inject(Place(service, None, own_network=False)):
        service.kill()
        await asyncio.wait_for(service.until_dead(), 5)
        assert service.backlog() == 3
    assert service.backlog() == 64


async def test_what_was_set_live_stays_when_the_backlog_fault_heals(service: ProcessService) -> None:
    async with Backlog(size=3).inject(Place(service, None, own_network=False)):
        assert await service.change({"backlog": 50}) == f"backlog 3→50, live (pid {service.pid})"
    assert service.backlog() == 50
    assert service.settings["backlog"] == 50


async def test_nothing_is_set_live_where_nothing_runs(service: ProcessService) -> None:
    await service.stop(0)
    with pytest.raises(ServiceFailed, match="not running"):
        await service.change({"backlog": 50})


async def test_released_it_refuses(service: ProcessService) -> None:
    await service.stop(0)
    service.release()
    async with asyncio.timeout(5):
        while not await refused(service.port):  # noqa: ASYNC110 - what was killed may hold it a moment longer
            await asyncio.sleep(0.002)


async def test_a_port_that_is_taken_is_told(tmp_path: Path, ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", ports.service)):
        service = ProcessService(Target(command="true", listener="inherited"), ports, tmp_path, {}, MonotonicClock(0))
        with pytest.raises(ServiceFailed, match="cannot be bound"):
            await service.start({})
