"""A target behind a start script: the process that listens is the one that is meant, and nothing of it stays."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from lab.clock import MonotonicClock
from lab.drill.model import Target
from lab.runtimes.base import ServiceFailed
from lab.runtimes.listener import descendants
from lab.runtimes.processes.ports import choose
from lab.runtimes.processes.service import ProcessService

pytestmark = pytest.mark.slow

SERVER = """
import http.server, socket, sys
class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 7
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in ("/health", "/ledger") else 404)
        self.end_headers()
        self.wfile.write(b'{"stored": {"order": ["0000002a"]}}' if self.path == "/ledger" else b"")
    def log_message(self, *ignored):
        print("asked for", self.path, flush=True)
Server((sys.argv[2] if len(sys.argv) > 2 else "::", int(sys.argv[1])), Answer).serve_forever()
"""

Make = Callable[..., Awaitable[ProcessService]]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    (tmp_path / "logs").mkdir()
    (tmp_path / "server.py").write_text(SERVER)
    made: list[ProcessService] = []

    async def start(command: str, ready: str = "/health", boot_s: float = 10.0, ledger: str | None = None) -> ProcessService:
        filled = command.replace("SERVER", f"{sys.executable} -S {tmp_path}/server.py {{port}}")
        service = ProcessService(
            Target(command=filled, ready=ready, ledger=ledger),
            choose(None, own_network=False),
            tmp_path,
            {"PATH": "/usr/bin:/bin"},
            MonotonicClock(0),
        )
        made.append(service)
        await service.start({})
        await service.until_ready(boot_s)
        return service

    yield start
    for service in made:
        await service.stop(0)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - only the kernel knows
            await asyncio.sleep(0.002)


async def test_the_child_of_a_start_script_is_meant_and_its_ipv6_listener_found(make: Make) -> None:
    service = await make("sh -c 'SERVER & wait'")
    assert service.pid != service.child_pid
    assert service.pid in descendants(service.child_pid)
    assert service.backlog() == 7


async def test_a_kill_reaches_who_listens_and_is_one_death(make: Make) -> None:
    service = await make("sh -c 'SERVER & wait'")
    listening, script = service.pid, service.child_pid
    service.kill()
    assert await asyncio.wait_for(service.until_dead(), 5)
    await until(lambda: not alive(listening) and not alive(script))
    await asyncio.sleep(0)  # the script's end has been told to its watcher as well
    assert service.deaths == 1
    with pytest.raises(ProcessLookupError):
        _ = service.pid
    assert service.listen_drops() == 0
    service.kill()  # again: nobody is there, and nobody else is hit


async def test_the_death_is_noticed_when_the_script_lives_on(make: Make) -> None:
    service = await make("sh -c 'SERVER & sleep 600'")
    listening = service.pid
    service.kill()
    assert await asyncio.wait_for(service.until_dead(), 5) == f"pid {listening}, which listened, ended"
    assert alive(service.child_pid)
    assert not service.running


async def test_the_next_start_leaves_nothing_of_the_process_group_before(make: Make) -> None:
    """The script has ended with the service; its other child, a sidecar, would otherwise live for ever."""
    service = await make("sh -c 'sleep 600 & SERVER & wait $!'")
    before = set(descendants(service.child_pid))
    assert len(before) == 3
    service.kill()
    await asyncio.wait_for(service.until_dead(), 5)
    await until(lambda: not alive(service.child_pid))
    await service.start({})
    await service.until_ready(10)
    assert not any(map(alive, before))
    assert not before & set(descendants(service.child_pid))


async def test_a_service_that_left_its_group_is_ended_too(make: Make) -> None:
    service = await make("sh -c 'setsid -w SERVER & wait'")
    listening = service.pid
    await service.stop(0)
    await until(lambda: not alive(listening))


async def test_a_script_that_starts_it_again_is_followed(make: Make) -> None:
    service = await make("sh -c 'while :; do SERVER; done'")
    first = service.pid
    service.kill()
    await asyncio.wait_for(service.until_dead(), 5)
    await asyncio.wait_for(service.until_running(), 5)
    assert service.pid != first
    service.kill()
    await asyncio.wait_for(service.until_dead(), 5)
    assert service.deaths == 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("SERVER ::1", "connect refused; it listens on [::1]:"),
        ("sleep 600", "connect refused; it listens nowhere"),
        ("sh -c 'exit 3'", "the target ended while it started (exit code 3)"),
        ("shop {prot}", "names {prot}: expected one of health_port, port, python"),
        ("no-such-program", "cannot start 'no-such-program'"),
    ],
)
async def test_a_target_that_is_not_ready_is_told_why(make: Make, command: str, said: str) -> None:
    with pytest.raises(ServiceFailed) as caught:
        await make(command, boot_s=0.5)
    assert said in str(caught.value)


async def test_a_health_check_with_another_status_is_told_with_the_log(make: Make) -> None:
    with pytest.raises(ServiceFailed) as caught:
        await make("SERVER", ready="/healthz", boot_s=0.5)
    assert "GET /healthz on 127.0.0.1" in str(caught.value)
    assert "status 404" in str(caught.value)
    assert "asked for /healthz" in str(caught.value)


async def test_its_health_is_asked_once_and_told_in_a_word_when_it_is_not_good(make: Make) -> None:
    service = await make("SERVER")
    assert await service.ask_health(1.0) == ""
    service.signal(signal.SIGSTOP)
    began_ns = time.monotonic_ns()
    assert await service.ask_health(0.05) == "timeout"
    assert 0.045 <= (time.monotonic_ns() - began_ns) / 1e9 < 1.0
    service.signal(signal.SIGCONT)
    assert await service.ask_health(1.0) == ""
    await service.stop(0)
    assert await service.ask_health(1.0) == "connect refused"


async def test_a_signal_reaches_the_process_that_listens_and_none_is_an_error_when_it_has_gone(make: Make) -> None:
    service = await make("sh -c 'SERVER & wait'")
    state = Path(f"/proc/{service.pid}/stat")
    service.signal(signal.SIGSTOP)
    await until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
    service.signal(signal.SIGCONT)
    await until(lambda: state.read_text().rpartition(")")[2].split()[0] != "T")
    service.kill()
    await service.until_dead()
    service.signal(signal.SIGCONT)


async def test_the_ledger_of_a_service_with_one_port_is_asked_for_there(make: Make) -> None:
    service = await make("SERVER", ledger="/ledger")
    assert [stored.key for stored in (await service.ledger()).stored] == [42]
