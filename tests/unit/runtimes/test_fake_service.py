"""The simulated service takes signals as a process does."""

from __future__ import annotations

import random
import signal

import pytest

from lab.clock import MonotonicClock
from lab.drill.model import Target
from lab.fault import Symptom
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


@pytest.mark.parametrize(
    ("kind", "own_port", "said"),
    [("slow", True, "timeout"), ("hang", True, ""), ("hang", False, "timeout"), ("none", False, "")],
)
async def test_a_health_port_of_its_own_answers_unless_the_process_stands_still(kind: str, own_port: bool, said: str) -> None:
    world = World(MonotonicClock(0), Target(health_port=own_port), Traits(), random.Random(1))
    service = FakeService(world)
    assert await service.ask_health(0.001) == "connect refused"
    await service.start({})
    world.change(up=True, symptom=Symptom(kind))  # type: ignore[arg-type]  # one of its kinds
    assert await service.ask_health(0.001) == said


async def test_to_kill_is_a_signal(service: FakeService) -> None:
    service.kill()
    service.kill()  # nobody is there any more
    assert (service.signals, service.deaths, await service.until_dead()) == ([signal.SIGKILL], 1, "SIGKILL")


async def test_one_that_is_stopped_still_runs(service: FakeService) -> None:
    service.signal(signal.SIGSTOP)
    service.signal(signal.SIGCONT)
    assert (service.running, service.signals) == (True, [signal.SIGSTOP, signal.SIGCONT])
