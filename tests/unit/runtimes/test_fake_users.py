"""The simulated users and the simulated probe lose their requests in the same way, as real clients would."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest

from lab.drill.model import Load, Request, Target
from lab.fault import Symptom
from lab.history.model.rows import Outcome, Row, Via
from lab.load.plan import ShardPlan
from lab.runtimes.fake.outcomes import Loss, loss
from lab.runtimes.fake.users import FakeUsers
from lab.runtimes.fake.world import Condition, Traits, World

MS = 1_000_000
FRESH_ONLY = frozenset({"fresh"})


@dataclass(frozen=True)
class Stopped:
    """A clock that stands at the end of the stage."""

    t_ns: int = 1000 * MS

    def now_ns(self) -> int:
        return self.t_ns


async def rows(
    *conditions: Condition,
    expect: tuple[int, ...] = (200, 400),
    status: int = 200,
    listener: Literal["rebind", "inherited"] = "rebind",
    **load: Any,
) -> list[Row]:
    """What the users of ``load`` met under ``conditions``, from 0 to 1 s."""
    world = World(
        Stopped(),
        Target(listener=listener),
        Traits(status=status, answer_s=0.02, spread=0.0),
        random.Random(1),
        conditions=list(conditions),
    )
    request = Request(post="/orders", expect=expect)
    plan = ShardPlan(
        shard=0, shards=1, start_ns=0, t0_ns=0, host="", port=0, scenario=0, seed=1, run="r", first_key=0, rows="", headers={},
        load=Load(**{"executor": "constant-vus", "request": {"order": 1}, **load}), requests=((0, "order", request),),
    )  # fmt: skip
    return list((await FakeUsers(world, plan).stop()).rows)


def up(t_ms: int = 0, generation: int = 1, symptom: Symptom | None = None) -> Condition:
    return Condition(t_ms * MS, up=True, generation=generation, symptom=symptom)


async def test_a_request_in_flight_ends_with_the_process_that_has_it() -> None:
    first, second, *_ = await rows(up(), Condition(10 * MS, up=False, generation=1), up(12, generation=2))
    assert (first.outcome, first.end_us) == (Outcome.RESET, 10_000)
    assert (second.outcome, second.via) == (Outcome.OK, Via.REOPENED)


async def test_a_user_waits_in_the_queue_of_an_inherited_listener_until_something_is_up() -> None:
    first, *_ = await rows(Condition(0), up(300), listener="inherited")
    assert (first.outcome, first.end_us) == (Outcome.OK, 320_000)


async def test_a_user_of_an_inherited_listener_gives_up_when_nothing_comes() -> None:
    first, *_ = await rows(Condition(0), listener="inherited", timeout=0.4)
    assert (first.outcome, first.end_us, first.connected_us) == (Outcome.TIMEOUT, 400_000, 200)


async def test_a_second_worker_halves_the_queue_for_the_slots() -> None:
    def slowest(met: list[Row]) -> int:
        return max(row.end_us for row in met if row.outcome is Outcome.OK)

    one, two = [await rows(replace(up(), workers=count), vus=400) for count in (1, 2)]
    assert slowest(one) == pytest.approx(200_000, rel=0.01)  # 400 users of 20 ms at 40 slots
    assert slowest(two) == pytest.approx(100_000, rel=0.01)


async def test_a_hang_on_a_kept_line_is_one_of_the_answer() -> None:
    met = await rows(up(), up(100, symptom=Symptom("hang")), timeout=0.4, connect_timeout=0.2)
    lost = [row for row in met if row.outcome is not Outcome.OK]
    assert [(row.via, row.outcome) for row in lost[:2]] == [
        (Via.KEPT, Outcome.TIMEOUT),
        (Via.REOPENED, Outcome.CONNECT_TIMEOUT),
    ]
    assert [row.end_us for row in lost[:2]] == [400_000, 200_000]


async def test_a_hang_of_fresh_connections_leaves_the_kept_ones_alone() -> None:
    met = await rows(up(), up(100, symptom=Symptom("hang", classes=FRESH_ONLY)))
    assert {row.outcome for row in met} <= {Outcome.OK, Outcome.CUT}


@pytest.mark.parametrize(("status", "outcome"), [(400, Outcome.BAD_STATUS), (202, Outcome.OK)])
async def test_what_is_expected_is_what_the_request_says(status: int, outcome: Outcome) -> None:
    met = await rows(up(), expect=(202,), status=status)
    assert met[0].outcome is outcome


async def test_what_is_in_flight_at_the_stop_is_cut() -> None:
    met = await rows(up(), vus=3)
    assert [row.outcome for row in met[-3:]] == [Outcome.CUT] * 3
    assert {row.due_ns // 1000 + row.end_us for row in met[-3:]} == {1_000_000}


async def test_users_share_iterations_first_come_first_served() -> None:
    met = await rows(up(), executor="shared-iterations", vus=10, iterations=20, connections="fresh")
    assert sorted(row.vu for row in met) == sorted([*range(10), *range(10)])


async def test_iterations_that_nobody_came_to_begin_are_dropped() -> None:
    met = await rows(up(), executor="shared-iterations", vus=1, iterations=5, max_duration=0.05)
    assert [row.outcome for row in met] == [Outcome.OK] * 3 + [Outcome.DROPPED] * 2


@pytest.mark.parametrize(
    ("is_up", "symptom", "fresh", "expected"),
    [
        (True, None, True, None),
        (False, None, True, Loss(Outcome.CONNECT_REFUSED, connected=False)),
        (False, None, False, Loss(Outcome.RESET, connected=True)),
        (True, Symptom("refuse"), True, Loss(Outcome.CONNECT_REFUSED, connected=False)),
        (True, Symptom("hang"), True, Loss(Outcome.CONNECT_TIMEOUT, connected=False, at_ns=2)),
        (True, Symptom("hang"), False, Loss(Outcome.TIMEOUT, connected=True, at_ns=5)),
        (True, Symptom("slow"), True, Loss(Outcome.TIMEOUT, connected=True, at_ns=5)),
        (True, Symptom("reset", after_commit=True), True, Loss(Outcome.RESET, connected=True, commits=True)),
    ],
)
def test_each_symptom_is_lost_in_its_way(is_up: bool, symptom: Symptom | None, fresh: bool, expected: Loss | None) -> None:
    assert loss(is_up, symptom, fresh=fresh, connect_by_ns=2, answer_by_ns=5) == expected
