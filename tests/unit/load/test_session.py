"""A scripted user over real TCP: one call is one row, over its own line, whatever the server does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import httpx
import looptime
import pytest
from session_place import Place, Run, Server, place

from lab.clock import Clock, LoopClock, MonotonicClock
from lab.history.model.rows import Outcome, Via
from lab.http.client import HttpDialer
from lab.http.exchange import Exchange, Line
from lab.http.kept_answer import WholeAnswer
from lab.http.reply import UnexpectedOutcome
from lab.nanoseconds import NS_PER_S

# What comes back


def test_a_reply_is_read_when_it_is_asked_for(run: Run) -> None:
    async def story(here: Place) -> None:
        reply = await here.session.get("/health")
        assert (reply.status, reply.ok, reply.outcome, reply.content) == (200, True, Outcome.OK, b'{"ok":true}')
        assert reply.json() == {"ok": True}
        assert reply.headers["x-served"] == "yes"
        assert 0 < reply.elapsed_s < 5
        assert repr(reply) == "Reply(GET /health: ok, status 200)"

    run(story)


@pytest.mark.parametrize(("path", "text"), [("/chunked", "a\r\n\r\n"), ("/continue", '{"ok":true}'), ("/large", "x" * 1_000_000)])
def test_a_body_is_whole_however_it_came(run: Run, path: str, text: str) -> None:
    async def story(here: Place) -> None:
        first, second = await here.session.get(path), await here.session.get("/health")
        assert (first.text, second.text) == (text, '{"ok":true}')  # a later request takes nothing from an earlier reply

    run(story)


def test_a_real_response_of_httpx_is_made_on_demand(run: Run) -> None:
    async def story(here: Place) -> None:
        response = (await here.session.post("/sold-out", json=1)).httpx
        assert isinstance(response, httpx.Response)
        assert (response.status_code, response.text, response.request.method) == (400, "sold out", "POST")
        assert str(response.url) == f"{here.session.base_url}/sold-out"
        with pytest.raises(httpx.HTTPStatusError):
            response.raise_for_status()

    run(story)


@pytest.mark.slow
def test_httpx_is_not_imported_for_those_who_do_not_ask() -> None:
    code = "import lab.load.session, lab.load.script, sys; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("path", "expect", "outcome"),
    [
        ("/sold-out", (200, 400), Outcome.OK),
        ("/sold-out", None, Outcome.BAD_STATUS),
        ("/health", [201], Outcome.BAD_STATUS),
        ("/closes", None, Outcome.CLOSED),
        ("/garbage", None, Outcome.BAD_BODY),
        ("/breaks-off", None, Outcome.BAD_BODY),
        ("/hangs", None, Outcome.TIMEOUT),
    ],
)
def test_what_is_not_ok_does_not_raise_unless_asked_to(run: Run, path: str, expect: Any, outcome: Outcome) -> None:
    async def story(here: Place) -> None:
        reply = await here.session.get(path, expect=expect, timeout=0.05 if path == "/hangs" else None)
        assert (reply.outcome, reply.ok) == (outcome, outcome is Outcome.OK)
        assert here.session.all_ok == reply.ok
        if reply.ok:
            assert reply.raise_for_outcome() is reply
        else:
            with pytest.raises(UnexpectedOutcome, match=rf"GET {path}: {outcome.name.lower()} \((no answer|status \d+)\) after"):
                reply.raise_for_outcome()
        assert [row.outcome for row in here.taken()] == [outcome]
        assert len(here.server.heads) == 1

    run(story)


def test_without_an_answer_there_is_no_response_of_httpx(run: Run) -> None:
    async def story(here: Place) -> None:
        reply = await here.session.get("/closes")
        with pytest.raises(UnexpectedOutcome):
            _ = reply.httpx
        assert (reply.status, reply.content, reply.headers) == (0, b"", {})

    run(story)


def test_nobody_listens_is_an_outcome(run: Run) -> None:
    async def story(here: Place) -> None:
        clock = MonotonicClock(time.monotonic_ns())
        nobody = place(here.server, clock, HttpDialer("127.0.0.1", 1, clock, WholeAnswer))
        reply = await nobody.session.get("/health")
        assert (reply.outcome, nobody.session.requests) == (Outcome.CONNECT_REFUSED, 1)

    run(story)


def test_a_line_that_was_closed_while_the_user_thought_is_reopened(run: Run) -> None:
    async def story(here: Place) -> None:
        await here.session.get("/health")
        for writer in list(here.server.writers):
            writer.close()
        await here.session.sleep(0.02)
        assert (await here.session.get("/health")).ok
        assert [row.via for row in here.taken()] == [Via.FRESH, Via.REOPENED]

    run(story)


def test_fresh_connections_are_closed_after_each_request(run: Run) -> None:
    async def story(here: Place) -> None:
        for _ in range(2):
            await here.session.get("/health")
        assert here.server.connections == 2
        assert all("Connection: close" in head for head in here.server.heads)
        assert [row.via for row in here.taken()] == [Via.FRESH, Via.FRESH]

    run(story, connections="fresh")


def test_requests_at_a_time_have_a_line_each_and_one_is_kept(run: Run) -> None:
    async def story(here: Place) -> None:
        s = here.session
        replies = await asyncio.gather(*(s.get(f"/part/{number}") for number in range(5)))
        assert all(reply.ok for reply in replies)
        await s.get("/health")
        rows = here.taken()
        assert (len(rows), here.server.connections, rows[-1].via) == (6, 5, Via.KEPT)
        assert set(here.server.keys.values()) == {1}

    run(story)


def test_checks_are_counted_and_returned(run: Run) -> None:
    async def story(here: Place) -> None:
        assert here.session.check("has stock", [1]) is True
        assert here.session.check("has stock", []) is False
        assert here.checks == {("has stock", True): 1, ("has stock", False): 1}

    run(story)


def test_a_user_s_chance_is_its_own() -> None:
    server = Server(1)
    draws = [place(server, vu=vu).session.random.random() for vu in (1, 2, 1)]
    assert draws[0] == draws[2] != draws[1]


# When it was due, in virtual time


class Slow:
    """Answers after a second; ``late`` is how much later its user gets its turn."""

    def __init__(self, clock: Clock, late_s: float = 0.0) -> None:
        self._clock = clock
        self._late_s = late_s

    async def send(self, payload: bytes, **asked: Any) -> tuple[Exchange, Line | None]:
        exchange = Exchange(self._clock.now_ns())
        await asyncio.sleep(1.0)
        exchange.end_ns = self._clock.now_ns()
        await asyncio.sleep(self._late_s)
        return exchange, None


@pytest.mark.parametrize(
    ("late_s", "due_s"),
    [
        # 5.0 the iteration, 5.5 its begin; then: at once; after thinking for 2 s; after waiting in a way of its own
        (0.0, [5.0, 6.5, 9.5, 10.75]),
        (0.25, [5.0, 6.5, 9.75, 11.0]),
    ],
)
def test_due_is_when_the_script_would_have_come_to_it(late_s: float, due_s: list[float]) -> None:
    async def story() -> None:
        clock = LoopClock(asyncio.get_running_loop(), 0.0)
        here = place(Server(1), clock, Slow(clock, late_s))
        s = here.session
        await asyncio.sleep(5.5)
        s.begin(5 * NS_PER_S)
        await s.get("/")
        await s.get("/")
        await s.sleep(2.0)
        await s.get("/")
        await asyncio.sleep(0.25)
        await s.get("/")
        assert [row.due_ns / NS_PER_S for row in here.taken()] == due_s

    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        runner.run(story())


# Cancelled


@pytest.mark.parametrize("cut", [True, False])
def test_a_request_in_flight_has_its_row_when_its_user_is_cut_off(run: Run, cut: bool) -> None:
    async def story(here: Place) -> None:
        asked = asyncio.ensure_future(here.session.get("/hangs"))
        while not here.server.heads:  # noqa: ASYNC110  # the server announces nothing
            await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        here.session.end(cut)
        rows = here.taken()
        assert [row.outcome for row in rows] == [Outcome.CUT if cut else Outcome.TIMEOUT]
        assert here.server.keys == Counter(row.key for row in rows)

    run(story)


def test_a_script_that_loses_its_own_patience_goes_on_and_that_counts_as_a_timeout(run: Run) -> None:
    async def story(here: Place) -> None:
        s = here.session
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await s.get("/hangs")
        assert (await s.get("/health")).ok
        assert [row.outcome for row in here.taken()] == [Outcome.TIMEOUT, Outcome.OK]
        assert not s.all_ok

    run(story)
