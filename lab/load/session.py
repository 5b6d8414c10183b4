"""What a scenario in Python holds in its hand: one virtual user, whose every call is one request and exactly one row.

    async def iteration(s: Session) -> None:
        coupon = await s.post("/coupons/spring/issue", json={"user": s.vu}, expect=(200, 400), name="coupon")
        if s.check("coupon issued", coupon.status == 200):
            await s.sleep(s.random.uniform(0.5, 1.5))
            await s.post("/orders", json={"coupon": coupon.json()["id"]}, name="order")

A call goes over the user's own kept line, through the same client as the requests of a drill file: no retry, no redirect
followed, no cookie kept. What cannot change between two calls of a kind is serialised once (``Kind``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from json import JSONEncoder
from random import Random
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from lab.clock import Clock, sleep_until
from lab.drill.model import Load
from lab.history.model.rows import Outcome, Via
from lab.http.exchange import Dialer, Exchange, Line
from lab.http.head import head
from lab.http.reply import Reply
from lab.load.user import User
from lab.nanoseconds import NS_PER_S

METHODS = frozenset({"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"})
"""HEAD is missing: the parser cannot be told that no body follows."""
KEY_HEADER = "X-Lab-Key"
"""Carries the key of the request's row, so that a target's log can be matched with what its users saw."""
SUCCESS = range(200, 400)
"""What is expected where nothing is said, as in k6."""
KINDS_KEPT = 4096
"""Kinds of request remembered at a time; paths with an id in them would fill memory in an endurance run."""
MOST_NAMES = 256
"""The request of a row is a byte."""

_JSON, _FORM, _UNTYPED = "application/json", "application/x-www-form-urlencoded", ""
_encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_IDENTIFIER = re.compile(r"\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Body = bytes | str | Mapping[str, Any]


class Record(Protocol):
    """Keeps the row of one request."""

    def __call__(self, exchange: Exchange, due_ns: int, request: int, via: Via, vu: int, key: int, /) -> object: ...


class Names:
    """The index of a request by its name: the ``declared`` ones have theirs, others get the next as they come.

    Raises ValueError for one too many: names are kinds of request, not single ones.
    """

    def __init__(self, declared: Mapping[str, int]) -> None:
        self._indexes = dict(declared)
        self.added: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        index = self._indexes.get(name)
        if index is None:
            index = max(self._indexes.values(), default=-1) + 1
            if index >= MOST_NAMES:
                raise ValueError(f'request {name!r} is one name too many: expected at most {MOST_NAMES}; give calls a name="…"')
            self._indexes[name] = self.added[name] = index
        return index


class Kind(NamedTuple):
    """All that the requests of one kind have in common."""

    head: bytes
    """Up to, and with, the name of the key's header."""
    counted: bool
    """Tells the length of its body, also when that is empty."""
    request: int
    title: str


class Sender:
    """What the sessions of one shard share: where requests go, and who is told.

    ``dialer`` keeps whole answers (``HttpDialer(…, answer=WholeAnswer)``), else replies have no headers and no body.
    ``authority``: host and port, as a Host header has them. ``headers`` go into every request, X-Lab-Run among them.
    ``record`` is called once for each request, with what became of it; ``index_of`` numbers names; ``check`` is told of
    every check.
    """

    def __init__(
        self,
        dialer: Dialer,
        clock: Clock,
        load: Load,
        *,
        authority: str,
        headers: Mapping[str, str],
        next_key: Callable[[], int],
        record: Record,
        index_of: Callable[[str], int],
        check: Callable[[str, bool], object],
        scheme: str = "http",
    ) -> None:
        self.send = dialer.send
        self.clock = clock
        self.base_url = f"{scheme}://{authority}"
        self.next_key = next_key
        self.record = record
        self.check = check
        self.connect_ns = round(load.connect_timeout * NS_PER_S)
        self.answer_ns = round(load.timeout * NS_PER_S)
        self.fresh = load.connections == "fresh"
        self._index_of = index_of
        self._headers = headers
        self._always = {"Host": authority, "Accept": "*/*"}
        self._kinds: dict[object, Kind] = {}
        self._expected: dict[tuple[int, ...] | None, frozenset[int]] = {None: frozenset(SUCCESS)}

    def kind(self, method: str, path: str, name: str | None, content: str, headers: Mapping[str, str] | None) -> Kind:
        """``content``: the type of its body. Raises ValueError when that is no request that can be sent."""
        about = (method, path, name, content, tuple(headers.items()) if headers else None)
        found = self._kinds.get(about)
        if found is None:
            if len(self._kinds) >= KINDS_KEPT:
                self._kinds.clear()
            found = self._kinds[about] = self._make(method, path, name, content, headers or {})
        return found

    def expected(self, expect: Iterable[int] | None) -> frozenset[int]:
        if expect is not None:
            expect = tuple(expect)
        found = self._expected.get(expect)
        if found is None:
            found = self._expected[expect] = frozenset(expect or ())
        return found

    def _make(self, method: str, path: str, name: str | None, content: str, headers: Mapping[str, str]) -> Kind:
        if method not in METHODS:
            raise ValueError(f"{method} {path}: expected one of {', '.join(sorted(METHODS))}")
        path = path.removeprefix(self.base_url)
        name = name or name_of(method, path)
        content_type = {"Content-Type": content} if content else {}
        begin = head(method, path, self._always, content_type, headers, self._headers, name=name)
        close = b"Connection: close\r\n" if self.fresh else b""
        counted = bool(content) or method in ("PATCH", "POST", "PUT")
        return Kind(b"%b%b%b: " % (begin, close, KEY_HEADER.encode()), counted, self._index_of(name), f"{method} {path}")


def name_of(method: str, path: str) -> str:
    """What requests are called that are given no name: without query, ids replaced."""
    segments = path.partition("?")[0].split("/")
    return f"{method} {'/'.join('{id}' if _IDENTIFIER.fullmatch(segment) else segment for segment in segments)}"


class _Asked(NamedTuple):
    """A request on its way, and whom its row is for."""

    exchange: Exchange
    due_ns: int
    request: int
    via: Via
    vu: int
    key: int


class Session:
    """One user. Its ``random`` depends on seed and number alone, whatever the others do.

    A request is *due* when its script would have come to it, had the loop given it its turn at once: what the script itself
    does in between, it waits or computes, is its own affair; what others keep it waiting for is not hidden.
    """

    def __init__(self, user: User, sender: Sender) -> None:
        self._user = user
        self._sender = sender
        self._behind_ns = 0
        self._given_up: list[_Asked] = []
        self._cancelled = False
        self.vu = user.vu
        self.random: Random = user.random
        self.base_url = sender.base_url
        self.requests = 0
        """Sent, or tried, since it began."""
        self.all_ok = True
        """Every request since the begin of the iteration was ok."""
        self.is_set_up = False

    @property
    def iteration(self) -> int:
        """From 0 on."""
        return self._user.iteration

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Iterable[int] | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """As :meth:`request`."""
        return await self.request("GET", path, params=params, headers=headers, expect=expect, name=name, timeout=timeout)

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: Body | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Iterable[int] | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """As :meth:`request`."""
        return await self.request(
            "POST", path, json=json, data=data, params=params, headers=headers, expect=expect, name=name, timeout=timeout
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: Body | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Iterable[int] | None = None,
        name: str | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """One request; raises for nothing that the other side does: ``outcome`` says it.

        ``expect``: statuses that are ok, by default 200 to 399. ``name``: under which it is counted, by default method and
        path with ids replaced. ``timeout`` in seconds, instead of the load's. ``data``: a mapping is sent as a form. Several
        at a time (``asyncio.gather``) go over a connection each, of which one is kept. Raises ValueError when that is no
        request that can be sent: nothing is recorded then.
        """
        if self._cancelled:
            await self._look_back()
        sender, user = self._sender, self._user
        if params:
            path = f"{path}{'&' if '?' in path else '?'}{urlencode(params, doseq=True)}"
        content, body = _body(json, data)
        kind = sender.kind(method, path, name, content, headers)
        expected = sender.expected(expect)
        via, line = self._pick_up()
        start_ns = sender.clock.now_ns()
        due_ns, self._behind_ns = start_ns - self._behind_ns, 0
        key = sender.next_key()
        self.requests += 1
        try:
            exchange, line = await sender.send(
                _payload(kind, key, body),
                expect=expected,
                connect_by_ns=start_ns + sender.connect_ns,
                answer_by_ns=start_ns + (sender.answer_ns if timeout is None else round(timeout * NS_PER_S)),
                line=line,
            )
        except asyncio.CancelledError:
            ended = Exchange(start_ns, end_ns=sender.clock.now_ns(), outcome=Outcome.CUT)
            self._cancelled = True
            self._given_up.append(_Asked(ended, due_ns, kind.request, via, user.vu, key))
            raise
        self._behind_ns = max(0, sender.clock.now_ns() - exchange.end_ns)
        sender.record(exchange, due_ns, kind.request, via, user.vu, key)
        self._put_back(line)
        if exchange.outcome is not Outcome.OK:
            self.all_ok = False
        return Reply(kind.title, exchange, self.base_url)

    def check(self, name: str, condition: object) -> bool:
        """Counts whether that holds, as in k6; returns it."""
        passed = bool(condition)
        self._sender.check(name, passed)
        return passed

    async def sleep(self, seconds: float) -> None:
        """Thinks for a while. What the timer comes late is no part of it, but of the next request's late start."""
        clock = self._sender.clock
        until_ns = clock.now_ns() - self._behind_ns + round(seconds * NS_PER_S)
        await sleep_until(clock, until_ns)
        self._behind_ns = max(0, clock.now_ns() - until_ns)

    # What those call who run it

    def begin(self, due_ns: int) -> None:
        """An iteration that was due then."""
        self._behind_ns = max(0, self._sender.clock.now_ns() - due_ns)
        self._cancelled = False
        self.all_ok = True

    def end(self, cut: bool) -> None:
        """The iteration is over. What its script gave up on its own (``asyncio.timeout``) is a ``timeout``: its user had no
        patience any more; only what was ``cut`` from outside counts in no figure.
        """
        for asked in self._given_up:
            if not cut:
                asked.exchange.outcome = Outcome.TIMEOUT
                self.all_ok = False
            self._sender.record(*asked)
        self._given_up.clear()

    def count_iteration(self) -> None:
        self._user.iteration += 1

    def hang_up(self) -> None:
        """Its user is gone, for now or for good."""
        self.end(cut=True)
        self._user.hang_up()

    async def _look_back(self) -> None:
        """At requests that were cancelled, before the next. A script that catches its own end does not outlive it."""
        self._cancelled = is_cancelled()
        self.end(self._cancelled)
        if self._cancelled:
            await asyncio.sleep(0)  # a script that never gives up trying would keep the loop for itself
            raise asyncio.CancelledError

    def _pick_up(self) -> tuple[Via, Line | None]:
        """The line is taken while it is in use: two requests at a time never share it."""
        if self._sender.fresh:
            return Via.FRESH, None
        via = self._user.pick_up()
        line, self._user.line = self._user.line, None
        return via, line

    def _put_back(self, line: Line | None) -> None:
        if line is None:
            return
        if self._sender.fresh or self._user.line is not None:
            line.close()
        else:
            self._user.line = line


def is_cancelled() -> bool:
    """This task was told to end, from outside: time-outs of its own take that back when they are over."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _body(json: Any, data: Body | None) -> tuple[str, bytes]:
    """Its type and its bytes. Raises ValueError when it cannot be sent."""
    if json is not None:
        if data is not None:
            raise ValueError("expected one of json and data")
        return _JSON, _encode(json).encode()
    if data is None:
        return _UNTYPED, b""
    if isinstance(data, bytes):
        return _UNTYPED, data
    if isinstance(data, str):
        return _UNTYPED, data.encode()
    return _FORM, urlencode(data, doseq=True).encode()


def _payload(kind: Kind, key: int, body: bytes) -> bytes:
    if body or kind.counted:
        return b"%b%d\r\nContent-Length: %d\r\n\r\n%b" % (kind.head, key, len(body), body)
    return b"%b%d\r\n\r\n" % (kind.head, key)
