"""The service's routes: coupon issue, order, and the page that lists them."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from typing import Any

from target.asgi import NOT_FOUND, Receive, Reply, Scope, Send, json_reply, only, read_body, refusal, send_reply
from target.openapi import DOCS, OPENAPI
from target.slots import Shed, Slots
from target.store import Issue, Store

LONGEST = 200
"""Characters of a key or a user; as wide as their columns."""
MOST = 1_000_000


class Bad(Exception):
    """A request that cannot be understood; its text is the ``error`` of the answer."""


class App:
    """``slots`` requests at a time work for ``work_s`` seconds each, so capacity is slots / work_s on any machine.

    Who has waited ``shed_after_s`` for a slot is turned away (503 with Retry-After); 0: waits as long as it takes.
    """

    def __init__(self, store: Store, *, slots: int, work_s: float, shed_after_s: float = 0.0) -> None:
        self._store = store
        self._slots = Slots(slots, shed_after_s)
        self._work_s = work_s
        self._shed = replace(refusal("busy", 503), retry_after=b"%d" % math.ceil(shed_after_s))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            reply = await self._route(scope, receive)
        except Bad as bad:
            reply = refusal(str(bad))
        except Shed:
            reply = self._shed
        await send_reply(reply, send)

    async def _route(self, scope: Scope, receive: Receive) -> Reply:
        method = scope["method"]
        match scope["path"].split("/"):
            case ["", "coupons", event, "issue"]:
                return await self._coupon(event, await _fields(receive)) if method == "POST" else only(b"POST")
            case ["", "orders"]:
                return await self._order(_key(scope), await _fields(receive)) if method == "POST" else only(b"POST")
            case ["", "openapi.json"]:
                return OPENAPI if method == "GET" else only(b"GET")
            case ["", "docs"]:
                return DOCS if method == "GET" else only(b"GET")
        return NOT_FOUND

    async def _coupon(self, event: str, fields: dict[str, Any]) -> Reply:
        user = fields.get("user")
        if not isinstance(user, str) or not 0 < len(user) <= LONGEST or not user.isprintable():
            raise Bad("bad_user")
        if not self._store.knows(event):
            return refusal("unknown_event", 404)
        async with self._slots:
            await asyncio.sleep(self._work_s)
            issue = await self._store.issue(event, user)
        return json_reply(200, {"event": event, "user": user}) if issue is Issue.ISSUED else refusal(issue)

    async def _order(self, key: str, fields: dict[str, Any]) -> Reply:
        item, quantity = _count(fields, "item"), _count(fields, "quantity")
        async with self._slots:
            await asyncio.sleep(self._work_s)
            order = await self._store.order(key, item, quantity)
        if order is None:
            return refusal("key_used_for_another_order")
        return json_reply(200, {"order": order.id, "item": order.item, "quantity": order.quantity})


async def _fields(receive: Receive) -> dict[str, Any]:
    body = await read_body(receive)
    try:
        fields = json.loads(body or b"")
    except (ValueError, RecursionError):  # 64 KiB of brackets nest deeper than Python goes
        raise Bad("bad_body") from None
    if not isinstance(fields, dict):
        raise Bad("bad_body")
    return fields


def _key(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"idempotency-key" and 0 < len(value) <= LONGEST:
            return str(value, "latin-1")
    raise Bad("bad_idempotency_key")


def _count(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 < value <= MOST:  # a bool is an int elsewhere
        raise Bad(f"bad_{name}")
    return value
