"""A scripted user over real TCP: one call is one request and one row, over its own line, whatever the server does."""

from __future__ import annotations

import asyncio
import itertools
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import looptime
import pytest
import uvloop
from load_plans import constant

from lab.clock import Clock, LoopClock, MonotonicClock
from lab.history.model.buffer import RowBuffer
from lab.history.model.rows import Outcome, Row, Via
from lab.http.client import HttpDialer
from lab.http.exchange import Exchange, Line
from lab.http.kept_answer import WholeAnswer
from lab.http.reply import UnexpectedOutcome
from lab.load.names import MOST_NAMES, Names, name_of
from lab.load.sender import Sender
from lab.load.session import Session
from lab.load.user import User
from lab.nanoseconds import NS_PER_S

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Served: yes\r\n\r\n" + b'{"ok":true}'
ANSWERS = {
    "/sold-out": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 8\r\n\r\nsold out",
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n",
    "/continue": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "/large": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000,
    "/garbage": b"SSH-2.0\r\n",
    "/closes": b"",
    "/breaks-off": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
}
HANGS_UP_AFTER = ("/garbage", "/closes", "/breaks-off")


@dataclass
class Server:
    """Keeps what it was asked, whole."""

    port: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def keys(self) -> Counter[int]:
        return Counter(int(re.search(r"X-Lab-Key: (\d+)", head)[1]) for head in self.heads)  # type: ignore[index]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"Content-Length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                self.heads.append(head)
                self.bodies.append(body)
                path = head.split()[1]
                if path == "/hangs":
                    await reader.read()
                writer.write(ANSWERS.get(path, OK))
                if path in HANGS_UP_AFTER:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client closed its connection
        finally:
            self.writers.discard(writer)
            writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=5)


@dataclass
class Place:
    """A session and all that is told about it."""

    server: Server
    session: Session
    rows: RowBuffer
    names: Names
    checks: Counter[tuple[str, bool]]
    sender: Sender

    def taken(self) -> list[Row]:
        return list(self.rows.take())


def place(server: Server, clock: Clock | None = None, dialer: Any = None, vu: int = 3, **load: Any) -> Place:
    clock = clock or MonotonicClock(time.monotonic_ns())
    rows, names, checks = RowBuffer(scenario=2), Names({"order": 4, "coupon": 7}), Counter[tuple[str, bool]]()
    sender = Sender(
        dialer or HttpDialer("127.0.0.1", server.port, clock, WholeAnswer),
        clock,
        constant(1, **load),
        authority=f"127.0.0.1:{server.port}",
        headers={"X-Lab-Run": "run-1"},
        next_key=itertools.count(1000).__next__,
        record=rows.add,
        index_of=names,
        check=lambda name, passed: checks.update([(name, passed)]),
    )
    return Place(server, Session(User(vu, "7/2"), sender), rows, names, checks, sender)


Story = Callable[[Place], Awaitable[None]]
Run = Callable[..., None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def run_it(story: Story, **load: Any) -> None:
        async def with_server() -> None:
            async with serving() as server:
                here = place(server, **load)
                try:
                    await story(here)
                finally:
                    here.session.hang_up()

        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(with_server())

    return run_it


# What is sent


def test_a_call_is_one_request_and_one_row_on_one_line(run: Run) -> None:
    async def story(here: Place) -> None:
        s = here.session
        for _ in range(3):
            assert (await s.get("/health")).ok
        rows = here.taken()
        assert [row.via for row in rows] == [Via.FRESH, Via.KEPT, Via.KEPT]
        assert [(row.key, row.vu, row.status, row.outcome, row.scenario) for row in rows] == [
            (key, 3, 200, Outcome.OK, 2) for key in (1000, 1001, 1002)
        ]
        assert here.server.keys == Counter([1000, 1001, 1002])
        assert here.server.connections == 1

    run(story)


def test_what_goes_over_the_wire(run: Run) -> None:
    async def story(here: Place) -> None:
        s, server = here.session, here.server
        await s.post("/orders", json={"item": 1, "name": "Käse"}, headers={"Idempotency-Key": "7"}, name="order")
        await s.get("/search", params={"q": "a b", "page": 2})
        await s.post("/login", data={"user": "me", "word": "&"})
        await s.request("PUT", "/raw", data=b"\x00\xff", headers={"content-type": "application/x"})
        await s.post("/nothing")
        await s.request("DELETE", f"{s.base_url}/orders/7")
        assert server.heads[0] == (
            f"POST /orders HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept: */*\r\nContent-Type: application/json\r\n"
            "Idempotency-Key: 7\r\nX-Lab-Run: run-1\r\nX-Lab-Key: 1000\r\nContent-Length: 25\r\n\r\n"
        )
        assert [head.split("\r\n")[0] for head in server.heads[1:]] == [
            "GET /search?q=a+b&page=2 HTTP/1.1",
            "POST /login HTTP/1.1",
            "PUT /raw HTTP/1.1",
            "POST /nothing HTTP/1.1",
            "DELETE /orders/7 HTTP/1.1",
        ]
        assert server.bodies == ['{"item":1,"name":"Käse"}'.encode(), b"", b"user=me&word=%26", b"\x00\xff", b"", b""]
        assert ["Content-Length: 0" in head for head in server.heads] == [False, False, False, False, True, False]
        assert "application/x-www-form-urlencoded" in server.heads[2]

    run(story)


def test_requests_are_named(run: Run) -> None:
    async def story(here: Place) -> None:
        s = here.session
        await s.post("/orders", name="order")
        for number in (1, 22):
            await s.get(f"/orders/{number}?full=yes")
        await s.get("/health")
        assert [row.request for row in here.taken()] == [4, 8, 8, 9]
        assert here.names.added == {"GET /orders/{id}": 8, "GET /health": 9}

    run(story)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "GET /"),
        ("/v2/orders/17/items?x=1", "GET /v2/orders/{id}/items"),
        ("/u/3f2504e0-4f89-41d3-9a0c-0305e82c3301", "GET /u/{id}"),
        ("/blob/deadbeef00", "GET /blob/{id}"),
        ("/cafe/spring", "GET /cafe/spring"),
    ],
)
def test_ids_are_no_part_of_a_name(path: str, name: str) -> None:
    assert name_of("GET", path) == name


def test_one_name_too_many_is_told_in_words() -> None:
    names = Names({"order": MOST_NAMES - 2})
    assert names("one more") == MOST_NAMES - 1
    assert names("order") == MOST_NAMES - 2
    with pytest.raises(ValueError, match=r"request 'another' is one name too many: expected at most 256; give calls a name"):
        names("another")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda s: s.request("HEAD", "/"), "HEAD /: expected one of DELETE, GET"),
        (lambda s: s.get("http://elsewhere.test/"), "is not a path"),
        (lambda s: s.get("/a\nb"), "is not a path"),
        (lambda s: s.get("/", headers={"Content-Length": "3"}), "content-length is set by the client itself"),
        (lambda s: s.get("/", headers={"X": "a\r\nY: b"}), "is not a header"),
        (lambda s: s.post("/", json={}, data=b""), "one of json and data"),
        (lambda s: s.post("/", json=float("nan")), "JSON compliant"),
    ],
)
def test_what_cannot_be_sent_is_the_script_s_error_and_no_row(run: Run, call: Callable[[Session], Any], text: str) -> None:
    async def story(here: Place) -> None:
        with pytest.raises(ValueError, match=text):
            await call(here.session)
        assert (here.taken(), here.server.heads) == ([], [])

    run(story)


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
