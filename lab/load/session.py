"""What a scenario in Python holds in its hand: one virtual user, whose every call is one request and exactly one row.

    async def iteration(s: Session) -> None:
        coupon = await s.post("/coupons/spring/issue", json={"user": s.vu}, expect=(200, 400), name="coupon")
        if s.check("coupon issued", coupon.status == 200):
            await s.sleep(s.random.uniform(0.5, 1.5))
            await s.post("/orders", json={"coupon": coupon.json()["id"]}, name="order")

A call goes over the user's own kept line, through the same client as the requests of a drill file: no retry, no redirect
followed, no cookie kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

from lab.clock import sleep_until
from lab.history.model.rows import Outcome, Via
from lab.http.exchange import Exchange, Line
from lab.http.reply import Reply
from lab.load.body import Body, encoded
from lab.load.sender import Sender
from lab.load.user import User
from lab.nanoseconds import NS_PER_S


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
        content, body = encoded(json, data)
        kind = sender.kind(method, path, name, content, headers)
        expected = sender.expected(expect)
        via, line = self._pick_up()
        start_ns = sender.clock.now_ns()
        due_ns, self._behind_ns = start_ns - self._behind_ns, 0
        key = sender.next_key()
        self.requests += 1
        try:
            exchange, line = await sender.send(
                kind.payload(key, body),
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
