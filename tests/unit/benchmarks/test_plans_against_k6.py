"""The plans that we are held against k6 with: what they must come to hangs on no millisecond; k6's words are of the same load."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import looptime
import pytest

from benchmarks.against_k6.compared import Pair
from benchmarks.against_k6.measured import Measured
from benchmarks.against_k6.page import BEGIN, END, into
from benchmarks.against_k6.plans import LATEST_MS, LONGEST_S, PLANS, Counts, Plan, apart, asks
from benchmarks.against_k6.server import Seen
from benchmarks.against_k6.words import options, scenario
from lab.clock import LoopClock
from lab.drill.model import Load, Ramp, Request
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Outcome, Row
from lab.http.exchange import Exchange, Line
from lab.load import executors
from lab.load.engine import Engine
from lab.load.executors.schedule import Open
from lab.load.plan import ShardPlan
from lab.nanoseconds import NS_PER_S


@dataclass
class FakeLine:
    usable: bool = True

    def close(self) -> None:
        self.usable = False


@dataclass
class FakeServer:
    """Answers ``work_s`` after it was asked, ``first_late_s`` later on a new connection, ``late_s`` on a kept one."""

    clock: LoopClock
    work_s: float
    first_late_s: float
    late_s: float
    asked: int = field(default=0)

    async def send(
        self, payload: bytes, *, expect: frozenset[int], connect_by_ns: int, answer_by_ns: int, line: Line | None = None
    ) -> tuple[Exchange, Line | None]:
        exchange = Exchange(self.clock.now_ns())
        self.asked += 1
        await asyncio.sleep(self.work_s + (self.late_s if line else self.first_late_s))
        exchange.end_ns, exchange.outcome = self.clock.now_ns(), Outcome.OK
        return exchange, line or FakeLine()


def played(plan: Plan, first_late_ms: float, late_ms: float) -> Counts:
    """In virtual time."""

    async def story() -> tuple[int, list[Row]]:
        loop = asyncio.get_running_loop()
        clock, rows = LoopClock(loop, loop.time()), RowBuffer(0)
        server = FakeServer(clock, plan.work_ms / 1e3, first_late_ms / 1e3, late_ms / 1e3)
        await Engine(shard_plan(plan), server, clock, rows).run()
        assert clock.now_ns() < LONGEST_S * NS_PER_S
        return server.asked, list(rows.take())

    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        asked, rows = runner.run(story())
    of = [row.outcome for row in rows]
    return Counts(asked, of.count(Outcome.OK), of.count(Outcome.DROPPED), of.count(Outcome.CUT))


def shard_plan(plan: Plan) -> ShardPlan:
    return ShardPlan(
        shard=0,
        shards=1,
        start_ns=0,
        t0_ns=0,
        host="127.0.0.1",
        port=80,
        load=plan.load,
        requests=((0, "ask", Request(get=asks(plan))),),
        scenario=0,
        seed=7,
        run="r",
        first_key=0,
        rows="",
        headers={},
    )


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
@pytest.mark.parametrize(("first_late_ms", "late_ms"), [(0.2, 0.2), (5, 1), (LATEST_MS, 1)])
def test_a_plan_comes_to_the_same_however_late_its_answers_are(plan: Plan, first_late_ms: float, late_ms: float) -> None:
    assert played(plan, first_late_ms, late_ms) == plan.expected


def test_a_plan_that_hangs_on_a_millisecond_does_not() -> None:
    load = Load(executor="constant-vus", vus=1, duration=1.005, request={"ask": 1})
    brittle = Plan("brittle", load, 100, Counts(11, 11))
    assert played(brittle, 0.2, 0.2) == brittle.expected
    assert played(brittle, LATEST_MS, 1) != brittle.expected


@pytest.mark.parametrize("plan", [plan for plan in PLANS if not plan.load.closed], ids=lambda plan: plan.name)
def test_no_arrival_is_due_at_the_very_end(plan: Plan) -> None:
    open_plan, end_s = executors.plan(plan.load, 0, 1), plan.load.length_s
    assert isinstance(open_plan, Open)
    assert end_s is not None
    due_s = [due_ns / NS_PER_S for due_ns in open_plan.arrivals]
    assert due_s[-1] <= end_s - 0.01
    if plan.load.rate:
        assert len(due_s) / plan.load.rate >= end_s + 0.0099, "the first that is not"


def test_every_executor_has_a_plan_and_every_name_is_its_own() -> None:
    assert {plan.load.executor for plan in PLANS} == {
        *("shared-iterations", "per-vu-iterations", "constant-vus", "ramping-vus"),
        *("constant-arrival-rate", "ramping-arrival-rate"),
    }
    assert len({plan.name for plan in PLANS}) == len(PLANS)


def test_plans_apart_begin_one_after_the_other() -> None:
    later = apart(PLANS[:3], by_s=0.5)
    assert [plan.load.start_time for plan in later] == [0, 0.5, 1]
    assert [plan.after_s for plan in later] == [0, 0.5, 1]


POOL = {"preAllocatedVUs": 2, "maxVUs": 5}
COMMON = {"startTime": "0ms", "gracefulStop": "30000ms"}


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (
            Load(executor="shared-iterations", vus=3, iterations=9, max_duration=2.5),
            {"vus": 3, "iterations": 9, "maxDuration": "2500ms"},
        ),
        (Load(executor="per-vu-iterations", iterations=2), {"vus": 1, "iterations": 2, "maxDuration": "600000ms"}),
        (Load(executor="constant-vus", vus=2, duration=3), {"vus": 2, "duration": "3000ms"}),
        (
            Load(executor="ramping-vus", start_vus=4, ramp=(Ramp(over=1, to=2),), graceful_ramp_down=0.02),
            {"startVUs": 4, "stages": [{"duration": "1000ms", "target": 2}], "gracefulRampDown": "20ms"},
        ),
        (
            Load(executor="constant-arrival-rate", vus=2, max_vus=5, rate=100, duration=1),
            {"rate": 100, "timeUnit": "1s", "duration": "1000ms", **POOL},
        ),
        (
            Load(executor="constant-arrival-rate", vus=2, max_vus=5, rate=1100 / 60, duration=1),
            {"rate": 1100, "timeUnit": "1m", "duration": "1000ms", **POOL},
        ),
        (
            Load(executor="ramping-arrival-rate", vus=2, max_vus=5, start_rate=0.5, ramp=(Ramp(over=1, to=2),)),
            {"startRate": 30, "timeUnit": "1m", "stages": [{"duration": "1000ms", "target": 120}], **POOL},
        ),
    ],
    ids=lambda value: value.executor if isinstance(value, Load) else "",
)
def test_a_load_in_k6s_words(load: Load, words: dict[str, object]) -> None:
    assert scenario(load) == {"executor": load.executor, **COMMON, **words}


def test_start_and_stop_are_said_too() -> None:
    load = Load(executor="constant-vus", duration=1, start_time=1, graceful_stop=0)
    assert scenario(load) == {
        "executor": "constant-vus",
        "startTime": "1000ms",
        "gracefulStop": "0ms",
        "vus": 1,
        "duration": "1000ms",
    }


def test_what_k6_cannot_be_told_is_refused() -> None:
    with pytest.raises(ValueError, match="neither whole numbers"):
        scenario(Load(executor="constant-arrival-rate", rate=0.001, duration=1))
    with pytest.raises(ValueError, match="no scenario"):
        scenario(Load(executor="k6", k6="shop.js"))


def test_each_scenario_is_counted_by_itself() -> None:
    found = options(PLANS[:1])
    assert set(found["scenarios"]) == {"shared-iterations"}
    assert set(found["thresholds"]) == {
        "iterations{scenario:shared-iterations}",
        "dropped_iterations{scenario:shared-iterations}",
    }


def measured(*starts_s: float, finished: int | None = None, dropped: int = 0) -> Measured:
    seen = Seen(arrived=[round(at_s * 1e9) for at_s in starts_s])
    return Measured.of(seen, 0, len(starts_s) if finished is None else finished, dropped)


def evenly(count: int, over_s: float) -> Measured:
    return measured(*(over_s * (k + 1) / count for k in range(count)))


def test_starts_are_counted_from_the_plans_begin() -> None:
    plan = apart(PLANS[:2], by_s=0.5)[1]
    found = Measured.of(Seen([3_600_000_000, 3_500_000_000], [4_000_000_000], late=7_000_000), 3_000_000_000, 1, 2).since(plan)
    assert found.counts == Counts(2, 1, dropped=2, cut=1)
    assert found.starts_s == pytest.approx((0.0, 0.1))
    assert found.cuts_s == pytest.approx((0.5,))
    assert found.late_s == 0.007


def test_a_rate_is_off_by_what_it_differs_from_k6s() -> None:
    assert Pair(evenly(100, 2), evenly(100, 2)).rate_off == 0
    assert Pair(evenly(100, 2), evenly(100, 2.2)).rate_off == pytest.approx(0.1)
    assert Pair(evenly(90, 2), evenly(100, 2)).rate_off == pytest.approx(-0.1)


def test_each_second_is_counted_and_what_is_due_at_its_begin_is_in_it() -> None:
    assert Pair(evenly(300, 3), evenly(300, 3)).each_second_off == (0, 0, 0, 0)
    assert Pair(measured(0.0, 0.996, 1.5), measured(0.0, 1.001)).each_second_off == (0, 1)
    assert Pair(measured(0.1, 0.2), measured(0.1, 0.2, 0.3)).each_second_off == pytest.approx((-1 / 3,))


def test_a_start_is_far_apart_beyond_2_percent_of_the_time_until_then_and_a_moment() -> None:
    assert Pair(measured(0.019, 1.0), measured(0.0, 1.039)).far_apart == ()
    assert Pair(measured(0.021, 1.0), measured(0.0, 1.042)).far_apart == (0, 1)


def test_starts_are_compared_one_by_one() -> None:
    assert Pair(measured(0.0, 1.0), measured(0.002, 1.003)).apart_ms == pytest.approx((2, 3))


def test_the_table_goes_between_the_markers_and_says_what_differs() -> None:
    plan = PLANS[0]
    same = evenly(200, 2)
    less = measured(*same.starts_s[:-1], finished=198, dropped=3)
    page = into(f"before\n{BEGIN}\nold\n{END}\nafter", [plan], {plan.name: [Pair(same, same), Pair(less, same)]}, "a day")
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"{END}\nafter")
    assert "old" not in page
    assert "| `shared-iterations` | **198–200**, 200 | **0–3**, 0 | 0, 0 |" in page


@pytest.mark.parametrize("page", ["", BEGIN, END])
def test_a_page_without_its_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        into(page, [], {}, "")
