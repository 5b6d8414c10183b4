"""The target's routes and store as an application for gunicorn, which brings the listener and the process itself.

What it lacks of ``python -m target``: its acceptor with max_connections, its header timer, its health port. The store is opened
with the first request, so that a worker forked from a warm master (``--preload``) does not share its connection.
"""

from __future__ import annotations

import os
from functools import cache

from target.app import App
from target.asgi import Receive, Scope, Send
from target.service import open_store
from target.settings import read_settings


@cache
def _app() -> App:
    settings = read_settings(os.environ)
    return App(open_store(settings), slots=settings.slots, work_s=settings.work_ms / 1000)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan")  # ASGI: the server goes on without it
    await _app()(scope, receive, send)
