"""The few lines of ASGI that the apps need: read a body, send a reply."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 65_536


@dataclass(frozen=True)
class Reply:
    """One whole answer."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    allow: bytes | None = None
    retry_after: bytes | None = None
    """Seconds."""


def json_reply(status: int, content: object) -> Reply:
    return Reply(status, json.dumps(content).encode())


def refusal(error: str, status: int = 400) -> Reply:
    """``{"error": "…"}``: a request that a business rule refuses."""
    return json_reply(status, {"error": error})


NOT_FOUND = refusal("not_found", 404)


def only(method: bytes) -> Reply:
    """The path exists, with another method."""
    return Reply(405, b'{"error": "method_not_allowed"}', allow=method)


async def read_body(receive: Receive) -> bytes | None:
    """The whole body; None when it is over 64 KiB or its client has gone."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
        if len(body) > MOST_BODY_BYTES:
            return None
        if not message["more_body"]:
            return body


async def send_reply(reply: Reply, send: Send) -> None:
    headers = [(b"content-type", reply.content_type), (b"content-length", b"%d" % len(reply.body))]
    if reply.allow is not None:
        headers.append((b"allow", reply.allow))
    if reply.retry_after is not None:
        headers.append((b"retry-after", reply.retry_after))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})
