"""What a scripted user sends: one call is one request, as it was asked for, under its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from session_place import Place, Run

from lab.history.model.rows import Outcome, Via
from lab.load.session import Session


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
