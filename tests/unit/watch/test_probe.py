"""The probe's schedule and its lines, in virtual time against the simulated client."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from typing import Any

import looptime
import pytest

from lab.clock import LoopClock
from lab.drill.model import Probe as Settings
from lab.drill.model import Request, Target
from lab.fault import Symptom
from lab.history.model.rows import Outcome, Row, Via
from lab.http.exchange import Exchange, Line
from lab.http.template import Template
from lab.nanoseconds import NS_PER_MS, NS_PER_S
from lab.runtimes.fake.dialer import FakeDialer
from lab.runtimes.fake.world import Traits, World
from lab.watch.probe import Probe, Question

ORDER = Request(post="/orders", json={"item": 1}, headers={"Idempotency-Key": "{uuid}"})
RUN = "0" * 24
TARGET = Target(command="x", requests={"order": ORDER})


def probed(seconds: float, *, symptom: Symptom | None = None, cut: bool = False) -> list[Row]:
    """The rows of a probe that ran for so long; the symptom sets in half-way."""
    rows: list[Row] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop, loop.time())
        world = World(clock, TARGET, Traits(spread=0.0), random.Random(1))
        world.change(up=True)
        question = Question(Template(ORDER, name="order", host="x", headers={}), frozenset({200}), 3, 2, RUN, 1000)
        probe = Probe(Settings(), question, FakeDialer(world), clock, rows.append)
        await probe.open_kept()
        sending = asyncio.ensure_future(probe.run())
        await asyncio.sleep(seconds / 2)
        world.change(symptom=symptom)
        await asyncio.sleep(seconds / 2)
        sending.cancel()
        if cut:
            probe.cut()
        await probe.drain()

    loop = looptime.new_event_loop(noop_cycles=1)
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    return rows


def test_its_kept_lines_are_opened_at_once_and_not_one_after_the_other() -> None:
    """16 answers of 20 ms each."""
    first = min(probed(1.0), key=lambda row: row.due_ns)
    assert 20 * NS_PER_MS < first.due_ns < 40 * NS_PER_MS


class NotingDialer(FakeDialer):
    """Keeps the paths that it is asked for."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.paths: list[str] = []

    async def send(self, payload: bytes, **how: Any) -> tuple[Exchange, Line | None]:
        self.paths.append(payload.split(b" ")[1].decode())
        return await super().send(payload, **how)


def test_each_kept_line_is_opened_by_an_iteration_of_its_own() -> None:
    async def opened() -> list[str]:
        loop = asyncio.get_running_loop()
        world = World(LoopClock(loop, loop.time()), TARGET, Traits(), random.Random(1))
        world.change(up=True)
        request = Request(get="/items/{iteration}/{key}")
        question = Question(Template(request, name="order", host="x", headers={}), frozenset({200}), 3, 2, RUN, 1000)
        dialer = NotingDialer(world)
        await Probe(Settings(kept=4), question, dialer, world.clock, lambda _row: None).open_kept()
        return dialer.paths

    with contextlib.closing(looptime.new_event_loop(noop_cycles=1)) as loop:
        paths = loop.run_until_complete(opened())
    assert paths == [f"/items/{i}/{1000 + i}" for i in (1, 2, 3, 4)]


def test_a_hundred_a_second_at_regular_due_times_whatever_happens() -> None:
    rows = sorted(probed(2.0, symptom=Symptom("hang")), key=lambda row: row.due_ns)
    steps = {b.due_ns - a.due_ns for a, b in itertools.pairwise(rows)}
    assert len(rows) in (200, 201)
    assert steps == {NS_PER_S // 100}


def test_half_on_fresh_half_on_kept_connections() -> None:
    vias = Counter(row.via for row in probed(2.0))
    assert abs(vias[Via.FRESH] - vias[Via.KEPT]) <= 1
    assert Via.REOPENED not in vias


def test_a_broken_kept_line_is_reopened_and_counts_in_neither_class() -> None:
    rows = probed(2.0, symptom=Symptom("reset"))
    kept_bad = [row for row in rows if row.via == Via.KEPT and row.outcome is Outcome.RESET]
    assert len(kept_bad) == Settings().kept
    assert any(row.via == Via.REOPENED for row in rows)


@pytest.mark.parametrize(
    ("kind", "via", "outcome", "given_up_us"),
    [("hang", Via.FRESH, Outcome.CONNECT_TIMEOUT, 250_000), ("hang", Via.KEPT, Outcome.TIMEOUT, 1_000_000)],
)
def test_it_gives_up_when_the_request_is_known_to_be_bad(kind: str, via: Via, outcome: Outcome, given_up_us: int) -> None:
    rows = [row for row in probed(4.0, symptom=Symptom("hang")) if row.via == via and row.outcome is not Outcome.OK]
    assert {row.outcome for row in rows} == {outcome}
    assert all(given_up_us <= row.end_us < given_up_us + 1000 for row in rows)


def test_every_request_has_a_key_of_its_own_also_when_it_is_cut() -> None:
    rows = probed(2.0, symptom=Symptom("hang"), cut=True)
    assert any(row.outcome is Outcome.CUT for row in rows)
    assert len({row.key for row in rows}) == len(rows)
    assert {(row.request, row.scenario) for row in rows} == {(3, 2)}
