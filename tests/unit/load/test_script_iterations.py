"""A user's script at work: nothing that it does ends the engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from script_file import Written
from session_place import Place, place, serving

from lab.clock import MonotonicClock
from lab.history.model.rows import Outcome
from lab.load.script import OF_EACH_KIND, Ended, Script, ScriptErrors, load_script, run_iteration

CLOCK = MonotonicClock(time.monotonic_ns())


class Running:
    """A user of a script, and what came of its iterations."""

    def __init__(self, here: Place, script: Script) -> None:
        self.here = here
        self.session = here.session
        self.errors = ScriptErrors(script.path)
        self._script = script

    async def iterate(self) -> Ended:
        return await run_iteration(self._script, self.session, self.errors, CLOCK, CLOCK.now_ns())

    def outcomes(self) -> list[Outcome]:
        return [Outcome(row.outcome) for row in self.here.taken()]


Run = Callable[[str, Callable[[Running], Awaitable[None]]], None]


@pytest.fixture
def run(runner: asyncio.Runner, written: Written) -> Run:
    def run_it(text: str, story: Callable[[Running], Awaitable[None]]) -> None:
        async def with_server() -> None:
            async with serving() as server:
                here = place(server, CLOCK)
                try:
                    await story(Running(here, load_script(written(text))))
                finally:
                    here.session.hang_up()

        runner.run(with_server())

    return run_it


SHOP = """
async def setup(s):
    s.token = (await s.post("/login", name="login")).json()["ok"]

async def iteration(s):
    coupon = await s.post("/coupons/1/issue", json={"user": s.vu, "n": s.iteration}, name="coupon")
    if s.check("issued", coupon.status == 200) and s.token:
        await s.sleep(0.001)
        await s.post("/orders", json={"key": "7"}, name="order")
"""


def test_iterations_of_a_user_follow_each_other_after_one_setup(run: Run) -> None:
    async def story(user: Running) -> None:
        for _ in range(3):
            ended = await user.iterate()
            assert ended.ok
        assert [row.request for row in user.here.taken()] == [8, 7, 4, 7, 4, 7, 4]
        assert user.here.server.bodies[1::2] == [b'{"user":3,"n":0}', b'{"user":3,"n":1}', b'{"user":3,"n":2}']
        assert user.here.checks == {("issued", True): 3}
        assert user.here.server.connections == 1

    run(SHOP, story)


def test_a_bad_request_makes_an_iteration_not_ok_until_the_next(run: Run) -> None:
    async def story(user: Running) -> None:
        assert not (await user.iterate()).ok
        assert (await user.iterate()).ok
        assert user.outcomes() == [Outcome.CLOSED, Outcome.OK]
        assert not user.errors.counts

    run("async def iteration(s): await s.get('/health' if s.iteration else '/closes')", story)


RAISES = """
def price(reply):
    return reply.json()["price"]

async def iteration(s):
    price(await s.get("/health"))
"""


def test_what_a_script_raises_ends_its_iteration_and_is_counted(run: Run) -> None:
    async def story(user: Running) -> None:
        for _ in range(10):
            assert not (await user.iterate()).ok
        assert user.outcomes() == [Outcome.OK] * 10
        assert user.errors.counts == {"KeyError at shop.py:3": 10}
        told = user.errors.take()
        assert [(error.iteration, error.vu) for error in told] == [(number, 3) for number in range(OF_EACH_KIND)]
        assert [line.strip() for line in told[0].lines if "^" not in line] == [
            f'File "{user.errors._path}", line 6, in iteration',
            'price(await s.get("/health"))',
            f'File "{user.errors._path}", line 3, in price',
            'return reply.json()["price"]',
            "KeyError: 'price'",
        ]
        assert user.errors.take() == []

    run(RAISES, story)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("raise SystemExit(1)", "SystemExit at shop.py:3"),
        ("raise asyncio.CancelledError", "CancelledError at shop.py:3"),
        ("s.nonsense()", "AttributeError at shop.py:3"),
        ("(await s.get('/closes')).raise_for_outcome()", "UnexpectedOutcome at shop.py:3"),
        ("await s.get('nowhere')", "ValueError at shop.py:3"),
        ("raise ExceptionGroup('both', [KeyError(1), KeyError(2)])", "ExceptionGroup at shop.py:3"),
        ("t = asyncio.ensure_future(asyncio.sleep(9)); t.cancel(); await t", "CancelledError at shop.py:3"),
    ],
)
def test_nothing_that_a_script_does_ends_the_engine(run: Run, body: str, kind: str) -> None:
    async def story(user: Running) -> None:
        for _ in range(2):
            assert not (await user.iterate()).ok
        assert user.errors.counts == {kind: 2}

    run(f"import asyncio\nasync def iteration(s):\n    {body}", story)


def test_a_setup_that_fails_is_tried_again_and_there_is_no_iteration_without_it(run: Run) -> None:
    async def story(user: Running) -> None:
        assert [(await user.iterate()).ok for _ in range(3)] == [False, True, True]
        assert user.errors.counts == {"ZeroDivisionError at shop.py:1": 1}
        assert len(user.outcomes()) == 2

    run("async def setup(s): 1 // s.iteration\nasync def iteration(s): await s.get('/health')", story)


def test_a_script_that_sends_nothing_lets_others_have_their_turn(run: Run) -> None:
    async def story(user: Running) -> None:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.ensure_future(other())
        for _ in range(5):
            await user.iterate()
        task.cancel()
        assert turns >= 4

    run("async def iteration(s): pass", story)


ENDLESS = {
    "waits": "await s.get('/hangs')",
    "catches its end": "try: await s.get('/hangs')\n    except BaseException: pass",
    "catches its end and goes on": "try: await s.get('/hangs')\n    except BaseException: await s.get('/health')",
    "raises something else": "try: await s.get('/hangs')\n    finally: raise KeyError",
    "in a group": "async with asyncio.TaskGroup() as g: g.create_task(s.get('/hangs'))",
    "waits for": "await asyncio.wait_for(s.get('/hangs'), 60)",
}


@pytest.mark.parametrize("how", ENDLESS)
def test_cancelled_it_ends_whatever_the_script_makes_of_it_and_what_was_in_flight_is_cut(run: Run, how: str) -> None:
    async def story(user: Running) -> None:
        iteration = asyncio.ensure_future(user.iterate())
        while not user.here.server.heads:  # noqa: ASYNC110  # the server announces nothing
            await asyncio.sleep(0)
        iteration.cancel()
        await asyncio.wait({iteration}, timeout=5)
        assert iteration.cancelled()
        assert user.outcomes() == [Outcome.CUT]
        assert len(user.here.server.heads) == 1

    run(f"import asyncio\nasync def iteration(s):\n    {ENDLESS[how]}", story)


def test_a_script_that_never_gives_up_does_not_keep_the_loop_for_itself(run: Run) -> None:
    async def story(user: Running) -> None:
        iteration = asyncio.ensure_future(user.iterate())
        while not user.here.server.heads:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0)
        iteration.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not iteration.done()
        user.session.stubborn = False  # type: ignore[attr-defined]
        await asyncio.wait({iteration}, timeout=5)
        assert iteration.cancelled()
        assert user.outcomes() == [Outcome.CUT]

    run(
        """
        async def iteration(s):
            s.stubborn = True
            while s.stubborn:
                try:
                    await s.get("/hangs")
                except BaseException:
                    pass
        """,
        story,
    )
