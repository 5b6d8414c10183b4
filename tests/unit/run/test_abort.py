"""A threshold that ends a load test at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import looptime
import pytest

from lab.clock import LoopClock
from lab.drill.model import Load
from lab.history.model.rows import Outcome, Rows
from lab.run.abort import Aborted, AbortWatch
from tests.histories import ORDER, ns, ok, plan, reset, stage

LOAD = Load(executor="constant-vus", vus=1, duration=60.0, request={"order": 1})
NOT_TOO_MANY = {"threshold": "rate<0.5", "abort": True}


@dataclass
class FakeBench:
    """What the watch asks of a bench; ``pieces`` are what the load has recorded at each look."""

    pieces: Iterator[Rows]
    plan: Any
    room: Any

    def load_so_far(self, _index: int) -> Any:
        return lambda: next(self.pieces, Rows.of([]))


@dataclass
class FakeRoom:
    clock: LoopClock


def watched(
    pieces: list[Rows], thresholds: dict[str, Any], *, of_drill: dict[str, Any] | None = None, within_s: float = 20.0
) -> str:
    """What it raised, and when; or when it was still silent."""

    async def main() -> str:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop, loop.time())
        of = stage(judge="load", fault=None, load=LOAD, thresholds=thresholds)
        planned = plan(of)
        planned = replace(planned, drill=replace(planned.drill, thresholds=of_drill or {}))
        bench = FakeBench(iter(pieces), planned, FakeRoom(clock))
        try:
            async with asyncio.timeout(20.0):
                await AbortWatch(cast("Any", bench), of, 0, 0).run()
        except TimeoutError:
            return "silent"
        except Aborted as error:
            return str(error)
        return "nothing to watch"

    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        return runner.run(main())


GOOD = Rows.of([replace(ok(i / 10), request=ORDER) for i in range(10)])
BAD = Rows.of([replace(reset(1 + i / 10), request=ORDER) for i in range(30)])


def test_it_looks_every_two_seconds_at_all_that_was_recorded_so_far() -> None:
    assert watched([GOOD, GOOD, BAD], {"http_req_failed": (NOT_TOO_MANY,)}) == (
        "threshold http_req_failed rate<0.5 was crossed after 6 s"
    )


def test_what_is_kept_lets_it_run() -> None:
    assert watched([GOOD, GOOD], {"http_req_failed": (NOT_TOO_MANY,)}) == "silent"


def test_a_delay_puts_the_abort_off_and_not_the_judgement() -> None:
    late = {**NOT_TOO_MANY, "delay_abort": "9s"}
    assert watched([BAD], {"http_req_failed": (late,)}) == "threshold http_req_failed rate<0.5 was crossed after 10 s"


@pytest.mark.parametrize("thresholds", [{}, {"http_req_failed": ("rate<0.5",)}])
def test_without_a_threshold_that_aborts_there_is_nothing_to_watch(thresholds: dict[str, Any]) -> None:
    assert watched([BAD], thresholds) == "nothing to watch"


def test_a_threshold_of_the_stage_does_not_hide_the_drills() -> None:
    of_drill = {"http_req_failed": (NOT_TOO_MANY,)}
    found = watched([BAD], {"http_req_failed": ("rate<0.01",)}, of_drill=of_drill)
    assert found == "threshold http_req_failed rate<0.5 was crossed after 2 s"


def test_the_rows_here_are_as_bad_as_they_say() -> None:
    assert set(BAD.outcome.tolist()) == {Outcome.RESET}
    assert BAD.due_ns[0] == ns(1)
