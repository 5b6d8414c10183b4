"""Health and ledger, on a port of their own: asked through a full service port, they would kill a healthy process."""

from __future__ import annotations

from collections.abc import Callable

from target.asgi import NOT_FOUND, Receive, Reply, Scope, Send, json_reply, only, send_reply
from target.store import Store


class Health:
    """``GET /health`` is 200 only while the service port is accepting and the store answers; ``GET /ledger``: what is stored."""

    def __init__(self, store: Store, accepting: Callable[[], bool]) -> None:
        self._store = store
        self._accepting = accepting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # nothing here has a body
        await send_reply(await self._reply(scope), send)

    async def _reply(self, scope: Scope) -> Reply:
        if scope["path"] not in ("/health", "/ledger"):
            return NOT_FOUND
        if scope["method"] != "GET":
            return only(b"GET")
        return await (self._health() if scope["path"] == "/health" else self._ledger())

    async def _health(self) -> Reply:
        if not self._accepting():
            return json_reply(503, {"status": "not accepting"})
        await self._store.answers()  # what it raises is a 500, with its reason in the log
        return json_reply(200, {"status": "ok"})

    async def _ledger(self) -> Reply:
        ledger = await self._store.ledger()
        stored = {"order": ledger.orders, "coupon": ledger.coupons}
        return json_reply(200, {"stored": stored, "limits": {"coupon": ledger.stock}})
