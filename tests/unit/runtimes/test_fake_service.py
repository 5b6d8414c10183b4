"""The simulated service takes signals as a process does."""

from __future__ import annotations

import random
import signal

import pytest

from lab.clock import MonotonicClock
from lab.drill.model import Target
from lab.runtimes.fake.service import FakeService
from lab.runtimes.fake.world import Traits, World


@pytest.fixture
async def service() -> FakeService:
    service = FakeService(World(MonotonicClock(0), Target(), Traits(), random.Random(1)))
    await service.start({})
    return service


async def test_a_signal_that_ends_it_is_named_as_its_death(service: FakeService) -> None:
    service.signal(signal.SIGTERM)
    assert (service.running, service.deaths, await service.until_dead()) == (False, 1, "SIGTERM")


async def test_to_kill_is_a_signal(service: FakeService) -> None:
    service.kill()
    service.kill()  # nobody is there any more
    assert (service.signals, service.deaths, await service.until_dead()) == ([signal.SIGKILL], 1, "SIGKILL")


async def test_one_that_is_stopped_still_runs(service: FakeService) -> None:
    service.signal(signal.SIGSTOP)
    service.signal(signal.SIGCONT)
    assert (service.running, service.signals) == (True, [signal.SIGSTOP, signal.SIGCONT])
