"""The engine in virtual time against a dialer that answers as the test says; no second of it is real."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import looptime
import pytest
from load_plans import constant, shard_plan, shared

from lab.clock import LoopClock
from lab.drill.model import Load, Ramp
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import NEVER, Outcome, Row, Via
from lab.http.exchange import Exchange, Line
from lab.load.engine import Engine
from lab.load.plan import ShardPlan
from lab.nanoseconds import NS_PER_MS, NS_PER_S

Meets = Callable[[int], Outcome]
"""What the n-th request meets."""


def always(outcome: Outcome) -> Meets:
    return lambda _n: outcome


ALWAYS_OK = always(Outcome.OK)


@dataclass
class FakeLine:
    usable: bool = True
    closed: bool = False

    def close(self) -> None:
        self.closed = True
        self.usable = False


@dataclass
class FakeDialer:
    """Answers after ``takes_s`` with what ``meets`` says for the n-th request; only an ok keeps the line."""

    clock: LoopClock
    takes_s: float = 0.01
    meets: Meets = ALWAYS_OK
    in_next_turn: bool = False
    """Whatever ``takes_s`` says, the loop turns once before it answers."""
    lines: list[FakeLine] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    deadlines_ns: list[tuple[int, int]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def send(
        self, payload: bytes, *, expect: frozenset[int], connect_by_ns: int, answer_by_ns: int, line: Line | None = None
    ) -> tuple[Exchange, Line | None]:
        assert line is None or line.usable
        exchange = Exchange(self.clock.now_ns())
        outcome = self.meets(len(self.payloads))
        self.payloads.append(payload)
        self.deadlines_ns.append((connect_by_ns - exchange.start_ns, answer_by_ns - exchange.start_ns))
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            if self.in_next_turn:
                await asyncio.sleep(0)
            if self.takes_s > 0:  # at 0 it does not even yield, like a connect that is refused at once
                await asyncio.sleep(self.takes_s)
        finally:
            self.in_flight -= 1
        exchange.end_ns = self.clock.now_ns()
        exchange.outcome = outcome
        if outcome != Outcome.OK or b"Connection: close" in payload:
            return exchange, None
        if line is None:
            self.lines.append(FakeLine())
            line = self.lines[-1]
        return exchange, line


@dataclass
class Room:
    dialer: FakeDialer
    engine: Engine
    buffer: RowBuffer
    clock: LoopClock
    kept: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        self.kept += self.buffer.take()
        return self.kept


def in_virtual_time(story: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await story()

    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        runner.run(main())


def room(load: Load, takes_s: float = 0.01, meets: Meets = ALWAYS_OK, **changes: object) -> Room:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, loop.time())
    dialer = FakeDialer(clock, takes_s, meets)
    buffer = RowBuffer(scenario=2)
    return Room(dialer, Engine(shard_plan(load, **changes), dialer, clock, buffer), buffer, clock)


async def run_for(place: Room, seconds: float) -> None:
    running = asyncio.ensure_future(place.engine.run())
    await asyncio.sleep(seconds)
    place.engine.stop()
    await running


def test_users_who_are_answered_in_every_turn_do_not_keep_the_others_from_beginning() -> None:
    """Eight of 400 in each turn, whatever the others did meanwhile, would begin after 10,000 requests."""

    async def story() -> None:
        place = room(shared(400, 5_000), takes_s=0)
        place.dialer.in_next_turn = True
        await place.engine.run()
        assert len({row.vu for row in place.rows}) == 400

    in_virtual_time(story)


def test_users_start_together_at_the_absolute_instant() -> None:
    async def story() -> None:
        place = room(constant(5), start_ns=300 * NS_PER_MS)
        await run_for(place, 0.305)
        assert [(row.due_ns, row.start_us) for row in place.rows] == [(300 * NS_PER_MS, 0)] * 5
        assert place.engine.late_ns == 0

    in_virtual_time(story)


def test_a_late_start_is_said_and_stands_in_the_rows() -> None:
    async def story() -> None:
        place = room(constant(1), start_ns=0)
        await asyncio.sleep(0.08)
        await run_for(place, 0.015)
        assert place.engine.late_ns == 80 * NS_PER_MS
        assert (place.rows[0].due_ns, place.rows[0].start_us) == (0, 80_000)

    in_virtual_time(story)


def test_a_user_is_free_when_its_answer_is_there_and_after_an_error_when_its_pause_is_over() -> None:
    async def story() -> None:
        place = room(constant(1, pause_after_error=0.1), meets=lambda n: Outcome.RESET if n == 1 else Outcome.OK)
        await run_for(place, 0.145)
        assert [row.due_ns // NS_PER_MS for row in place.rows] == [0, 10, 120, 130, 140]
        assert [row.outcome for row in place.rows] == [Outcome.OK, Outcome.RESET, Outcome.OK, Outcome.OK, Outcome.CUT]

    in_virtual_time(story)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome not in (Outcome.OK, Outcome.CUT)])
def test_any_outcome_but_ok_is_followed_by_the_pause(outcome: Outcome) -> None:
    async def story() -> None:
        place = room(constant(1, pause_after_error=0.1), meets=always(outcome))
        await run_for(place, 1.0)
        assert len(place.rows) == 10  # every 110 ms

    in_virtual_time(story)


def test_jitter_spreads_the_pause_to_both_sides_and_is_the_seeds() -> None:
    async def story() -> None:
        starts = []
        for seed in (7, 7, 8):
            place = room(constant(60, pause_after_error=0.1, jitter=0.5), meets=always(Outcome.RESET), seed=seed)
            await run_for(place, 0.2)
            starts.append(sorted((row.due_ns, row.vu) for row in place.rows if row.due_ns > 0))
        pauses_ms = [due_ns / NS_PER_MS - 10 for due_ns, _ in starts[0][:60]]
        assert min(pauses_ms) >= 50
        assert max(pauses_ms) <= 150
        assert max(pauses_ms) - min(pauses_ms) > 70
        assert starts[0] == starts[1]
        assert starts[0] != starts[2]

    in_virtual_time(story)


def test_no_pause_does_not_starve_the_loop() -> None:
    async def story() -> None:
        place = room(constant(1, pause_after_error=0.0), takes_s=0.0, meets=always(Outcome.CONNECT_REFUSED))
        running = asyncio.ensure_future(place.engine.run())
        for _ in range(20):
            await asyncio.sleep(0)
        place.engine.stop()
        await running
        assert len(place.rows) > 1

    in_virtual_time(story)


def test_a_kept_line_is_used_again_and_opened_again_when_it_broke() -> None:
    async def story() -> None:
        place = room(constant(1, pause_after_error=0.0), meets=lambda n: Outcome.RESET if n == 2 else Outcome.OK)
        running = asyncio.ensure_future(place.engine.run())
        await asyncio.sleep(0.045)
        place.dialer.lines[-1].usable = False  # the server closed it while the fifth request was under way
        await asyncio.sleep(0.02)
        place.engine.stop()
        await running
        vias = [row.via for row in place.rows]
        assert vias == [Via.FRESH, Via.KEPT, Via.KEPT, Via.REOPENED, Via.KEPT, Via.REOPENED, Via.KEPT]
        assert place.dialer.lines[1].closed

    in_virtual_time(story)


def test_fresh_connections_ask_to_be_closed_and_are_never_kept() -> None:
    async def story() -> None:
        place = room(constant(2, connections="fresh"))
        await run_for(place, 0.1)
        assert {row.via for row in place.rows} == {Via.FRESH}
        assert all(b"\r\nConnection: close\r\n" in payload for payload in place.dialer.payloads)
        assert place.dialer.lines == []

    in_virtual_time(story)


def test_time_outs_run_from_the_send_not_from_a_late_due() -> None:
    async def story() -> None:
        place = room(constant(1, connect_timeout=0.1, timeout=2.0))
        await asyncio.sleep(5)
        await run_for(place, 0.005)
        assert place.dialer.deadlines_ns == [(NS_PER_S // 10, 2 * NS_PER_S)]

    in_virtual_time(story)


def test_every_request_has_its_own_key_in_the_row_and_on_the_wire() -> None:
    async def story() -> None:
        place = room(constant(20))
        await run_for(place, 0.2)
        keys = [row.key for row in place.rows]
        assert sorted(keys) == list(range(1000, 1000 + len(keys)))
        assert [b'"key":"%d"' % (1000 + n) in payload for n, payload in enumerate(place.dialer.payloads)] == [True] * len(keys)

    in_virtual_time(story)


def test_requests_are_chosen_by_weight_the_same_for_the_same_seed() -> None:
    async def story() -> None:
        chosen = []
        for seed in (7, 7, 8):
            place = room(constant(10, request={"order": 3, "coupon": 1}), seed=seed)
            await run_for(place, 1.005)
            chosen.append([row.request for row in sorted(place.rows, key=lambda row: row.key)])
        shares = Counter(chosen[0])
        assert set(shares) == {4, 7}  # their indices in the target's requests
        assert 0.68 < shares[4] / len(chosen[0]) < 0.82
        assert chosen[0] == chosen[1]
        assert chosen[0] != chosen[2]

    in_virtual_time(story)


def test_at_the_stop_what_is_in_flight_is_cut_and_nothing_begins() -> None:
    async def story() -> None:
        place = room(constant(3), takes_s=0.01)
        await run_for(place, 0.025)
        cut = [row for row in place.rows if row.outcome == Outcome.CUT]
        assert [(row.due_ns, row.start_us, row.end_us, row.first_byte_us) for row in cut] == [
            (20 * NS_PER_MS, 0, 5000, NEVER)
        ] * 3
        assert len(place.rows) == len(place.dialer.payloads) == 9
        assert place.dialer.in_flight == 0

    in_virtual_time(story)


def test_a_user_that_rests_at_the_stop_has_no_row_for_it() -> None:
    async def story() -> None:
        place = room(constant(1, pause_after_error=10.0), meets=always(Outcome.RESET))
        await run_for(place, 5.0)
        assert [row.outcome for row in place.rows] == [Outcome.RESET]

    in_virtual_time(story)


def test_lines_are_closed_at_the_end() -> None:
    async def story() -> None:
        place = room(shared(3, 30))
        await place.engine.run()
        assert [line.closed for line in place.dialer.lines] == [True] * 3

    in_virtual_time(story)


def test_a_stop_before_the_start_leaves_nothing_begun() -> None:
    async def story() -> None:
        place = room(constant(3), start_ns=NS_PER_S)
        place.engine.stop()
        place.engine.stop()
        await place.engine.run()
        assert place.rows == []

    in_virtual_time(story)


@pytest.mark.parametrize(("vus", "iterations"), [(300, 300), (7, 100), (1, 1)])
def test_shared_iterations_are_sent_once_each_by_at_most_vus_at_a_time(vus: int, iterations: int) -> None:
    async def story() -> None:
        place = room(shared(vus, iterations))
        await place.engine.run()
        assert len(place.rows) == len(place.dialer.payloads) == iterations
        assert {row.outcome for row in place.rows} == {Outcome.OK}
        assert place.dialer.most_in_flight == vus

    in_virtual_time(story)


def test_iterations_that_nobody_came_to_begin_in_time_are_dropped_not_hidden() -> None:
    async def story() -> None:
        place = room(shared(2, 100, max_duration=0.095))
        await place.engine.run()
        outcomes = Counter(row.outcome for row in place.rows)
        assert outcomes == {Outcome.OK: 20, Outcome.DROPPED: 80}  # begun at 0, 10, ... 90 ms; the last two end in peace
        assert len({row.key for row in place.rows}) == 100
        dropped = [row for row in place.rows if row.outcome == Outcome.DROPPED]
        assert {(row.start_us, row.scenario) for row in dropped} == {(NEVER, 2)}

    in_virtual_time(story)


def ramp(*steps: tuple[float, float], **more: Any) -> Load:
    return constant(1, executor="ramping-vus", ramp=tuple(Ramp(over=over, to=to) for over, to in steps), **more)


def arrivals(rate: float, duration: float, vus: int, **more: Any) -> Load:
    return constant(vus, executor="constant-arrival-rate", rate=rate, duration=duration, **more)


def test_the_number_of_users_in_flight_follows_the_ramp() -> None:
    async def story() -> None:
        place = room(ramp((1.0, 10), (1.0, 10), (1.0, 0), start_vus=0))
        await place.engine.run()
        per_s = Counter(row.due_ns // NS_PER_S for row in place.rows)
        # 100 a second each; on average 4.5 on the way up (below the line), 10, and 5.5 on the way down (above it)
        assert [per_s[i] for i in range(3)] == pytest.approx([450, 1000, 550], abs=12)
        assert place.dialer.most_in_flight == 10
        assert {row.outcome for row in place.rows} == {Outcome.OK}

    in_virtual_time(story)


def test_who_is_told_to_stop_may_finish_within_its_grace_and_is_cut_after_it() -> None:
    async def story() -> None:
        for grace, outcome in ((0.6, Outcome.OK), (0.2, Outcome.CUT)):
            place = room(ramp((1.0, 0), start_vus=1, graceful_stop=grace, graceful_ramp_down=grace), takes_s=1.5)
            await place.engine.run()
            (row,) = place.rows
            assert row.outcome == outcome
            assert row.end_us == (1_500_000 if outcome == Outcome.OK else 1_200_000)

    in_virtual_time(story)


def test_a_user_that_is_wanted_again_goes_on_and_is_cut_with_its_last_life() -> None:
    """Told to stop at 1 s, wanted again from 2 s to 3 s: its 10 s answer is cut 0.5 s after that."""

    async def story() -> None:
        load = ramp((1.0, 0), (1.0, 1), (1.0, 0), start_vus=1, graceful_ramp_down=1.5, graceful_stop=0.5)
        place = room(load, takes_s=10.0)
        await place.engine.run()
        (row,) = place.rows
        assert (row.outcome, row.end_us) == (Outcome.CUT, 3_500_000)

    in_virtual_time(story)


def test_keys_of_a_shard_end_before_they_are_somebody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr("lab.load.keeper.BLOCK", 5)
        place = room(constant(2))
        with pytest.raises(ExceptionGroup) as raised:
            await place.engine.run()
        assert "more than 5 requests by one shard" in str(raised.value.exceptions[0])
        assert {row.key for row in place.rows if row.outcome == Outcome.OK} <= set(range(1000, 1005))

    in_virtual_time(story)


def test_after_its_duration_no_user_begins_again() -> None:
    async def story() -> None:
        place = room(constant(2, duration=0.055))
        await place.engine.run()
        assert len(place.rows) == 12  # begun at 0, 10, ... 50 ms
        assert {row.outcome for row in place.rows} == {Outcome.OK}

    in_virtual_time(story)


def test_each_user_makes_its_iterations_and_those_it_had_no_time_for_are_dropped() -> None:
    async def story() -> None:
        place = room(constant(3, executor="per-vu-iterations", iterations=5, max_duration=0.035))
        await place.engine.run()
        assert Counter(row.outcome for row in place.rows) == {Outcome.OK: 12, Outcome.DROPPED: 3}
        assert Counter(row.vu for row in place.rows if row.outcome == Outcome.OK) == {0: 4, 1: 4, 2: 4}

    in_virtual_time(story)


def test_arrivals_are_due_by_their_schedule_whatever_the_answers_do() -> None:
    async def story() -> None:
        place = room(arrivals(100.0, 1.0, vus=60), takes_s=0.5)
        await place.engine.run()
        assert [row.due_ns for row in sorted(place.rows, key=lambda row: row.due_ns)] == [i * 10 * NS_PER_MS for i in range(100)]
        assert {row.outcome for row in place.rows} == {Outcome.OK}
        assert max(row.start_us for row in place.rows) < 1000

    in_virtual_time(story)


def test_an_arrival_that_finds_nobody_free_is_dropped_and_never_made_up() -> None:
    async def story() -> None:
        place = room(arrivals(100.0, 1.0, vus=5), takes_s=0.1)
        await place.engine.run()
        assert Counter(row.outcome for row in place.rows) == {Outcome.OK: 50, Outcome.DROPPED: 50}
        assert place.dialer.most_in_flight == 5

    in_virtual_time(story)


def test_each_drop_brings_one_user_more_up_to_the_most() -> None:
    async def story() -> None:
        place = room(arrivals(100.0, 1.0, vus=5, max_vus=8), takes_s=0.1)
        await place.engine.run()
        assert place.dialer.most_in_flight == 8
        first_dropped = [row.due_ns // NS_PER_MS for row in place.rows if row.outcome == Outcome.DROPPED][:3]
        assert first_dropped == [50, 70, 90]  # and the arrivals between them have the one that came in

    in_virtual_time(story)


def test_an_arrival_that_outlasts_the_grace_is_cut() -> None:
    async def story() -> None:
        place = room(arrivals(10.0, 1.0, vus=20, graceful_stop=0.5), takes_s=5.0)
        await place.engine.run()
        assert Counter(row.outcome for row in place.rows) == {Outcome.CUT: 10}
        assert {row.due_ns // 1000 + row.end_us for row in place.rows} == {1_500_000}

    in_virtual_time(story)


def test_a_load_begins_at_its_start_time() -> None:
    async def story() -> None:
        place = room(constant(1, start_time=0.5, duration=0.005))
        await place.engine.run()
        assert [row.due_ns for row in place.rows] == [500 * NS_PER_MS]

    in_virtual_time(story)


def test_a_defect_of_the_dialer_is_raised_not_taken_for_an_answer() -> None:
    class Broken(FakeDialer):
        async def send(self, payload: bytes, **deadlines: object) -> tuple[Exchange, Line | None]:
            raise KeyError("a bug")

    async def story() -> None:
        place = room(constant(2))
        engine = Engine(shard_plan(constant(2)), Broken(place.clock), place.clock, place.buffer)
        with pytest.raises(ExceptionGroup):
            await engine.run()
        assert place.rows == []

    in_virtual_time(story)


def test_a_plan_that_cannot_be_carried_out_is_refused() -> None:
    async def story() -> None:
        with pytest.raises(ValueError, match="iterations"):
            room(shared(5, 3))
        with pytest.raises(ValueError, match="refund: not among"):
            room(constant(1, request={"refund": 1}))

    in_virtual_time(story)


def test_the_plan_in_these_tests_is_one_that_a_shard_can_read() -> None:
    plan = shard_plan(constant(1))
    assert ShardPlan.from_json(plan.to_json()) == plan
