"""The lab's own service in several processes on one listener: each serves, each is watched, one database."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab import catalogue
from lab.clock import MonotonicClock
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes.ports import choose
from lab.runtimes.processes.service import ProcessService

pytestmark = pytest.mark.slow
BOOT_S = 20.0


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[ProcessService]:
    (tmp_path / "logs").mkdir()
    target = replace(catalogue.targets(tmp_path)["coupon-order"], listener="inherited")
    environment = {"PATH": os.environ["PATH"]}
    service = ProcessService(target, choose(None, own_network=False), tmp_path, environment, MonotonicClock(0))
    await service.start(target.settings)
    await service.until_ready(BOOT_S)
    yield service
    await service.stop(0)
    service.release()


async def order(port: int, key: int) -> bool:
    body = b'{"item": 1, "quantity": 1}'
    head = f"POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: {key:08x}\r\nContent-Length: {len(body)}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + b"\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()
    return answer.startswith(b"HTTP/1.1 200")


async def test_a_worker_serves_while_the_first_stands_still_and_the_ledger_has_all_orders(
    service: ProcessService,
) -> None:
    assert all([await order(service.port, key) for key in range(5)])
    told = await service.add_worker(BOOT_S, pytest.fail)
    (pid,) = service.worker_pids
    assert (service.workers, told) == (2, f"2 workers (pid {pid} came)")
    service.signal(signal.SIGSTOP)
    answers = await asyncio.wait_for(asyncio.gather(*(order(service.port, key) for key in range(5, 25))), 10)
    service.signal(signal.SIGCONT)
    assert all(answers)
    assert len((await service.ledger()).stored) == 25


async def test_a_worker_that_ends_is_told_of_and_the_service_goes_on(service: ProcessService) -> None:
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    await service.add_worker(BOOT_S, ended.set_result)
    (pid,) = service.worker_pids
    os.kill(pid, signal.SIGKILL)
    assert await asyncio.wait_for(ended, 5) == f"worker pid {pid} ended: SIGKILL"
    assert (service.workers, service.running, service.deaths) == (1, True, 1)
    assert await order(service.port, 1)


async def test_the_newest_worker_is_taken_away_and_is_no_death(service: ProcessService) -> None:
    await service.add_worker(BOOT_S, pytest.fail)
    (pid,) = service.worker_pids
    assert await service.remove_worker(5.0) == f"1 worker (pid {pid} went)"
    assert service.deaths == 0
    with pytest.raises(ServiceFailed, match="no worker was added"):
        await service.remove_worker(5.0)


async def test_a_restart_ends_them_all(service: ProcessService) -> None:
    await service.add_worker(BOOT_S, pytest.fail)
    await service.start(service.settings)
    assert service.workers == 1


async def test_a_worker_that_does_not_come_up_is_ended(service: ProcessService) -> None:
    with pytest.raises(ServiceFailed, match="not healthy within 0 s"):
        await service.add_worker(0.0, pytest.fail)
    assert (service.workers, service.worker_pids) == (1, set())
