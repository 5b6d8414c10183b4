"""HTTP on one listener: acceptor, protocol and app put together; opens late and closes gently."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from uvicorn.config import Config
from uvicorn.server import ServerState

from target.acceptor import Acceptor
from target.asgi import Application
from target.listener import is_listening, listen
from target.protocol import TimedProtocol
from target.settings import Full

LINGER_S = 0.1
"""Closed at once, a connection that was let in just now would be reset with its request unread, and a kept one likewise."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many connections, and how long each may be silent; seconds."""

    max_connections: int = 1000
    full: Full = "wait"
    header_timeout_s: float = 20.0
    keep_alive_s: float = 75.0
    age_s: float = 0.0
    """After that the next answer is a connection's last; 0 is off."""


class Front:
    """Serves ``app`` on ``listener``, which it owns from now on."""

    def __init__(self, app: Application, listener: socket.socket, limits: Limits) -> None:
        self._listener = listener
        self._limits = limits
        self._config = _config(app, limits.keep_alive_s)
        self._state = ServerState()
        self._accepting: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()

    def open(self, backlog: int, *, defer_accept: bool = False) -> None:
        """Listens and accepts. Raises OSError (EADDRINUSE) when somebody else listens on the address."""
        listen(self._listener, backlog, defer_accept=defer_accept)
        acceptor = Acceptor(self._listener, self._protocol, most=self._limits.max_connections, full=self._limits.full)
        self._accepting = asyncio.create_task(acceptor.run(), name=f"accept {self._listener.getsockname()}")

    @property
    def accepting(self) -> bool:
        return self._accepting is not None and not self._accepting.done() and is_listening(self._listener)

    async def failed(self) -> None:
        """Returns never; raises what ended the acceptor, should something end it."""
        assert self._accepting is not None, "not open"
        await asyncio.shield(self._accepting)

    async def close(self, grace_s: float) -> None:
        """Stops accepting, lets connections end for up to ``grace_s`` seconds, then cuts what is left.

        1. Who waits in the queue of an inherited listener stays there, for its supervisor's next worker: only our descriptor
        is closed, it is never shut down. 2. Each answer from now on is its connection's last and says so. 3. Whoever has not
        asked, or not again, may do so for LINGER_S more, then silent connections are closed: nobody waits on them.
        """
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)  # what ended it earlier is told by failed()
        self._listener.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._drained()
        for connection in self._connections():
            connection.transport.abort()
        await asyncio.sleep(0)  # the loop runs connection_lost of what was just closed

    async def _drained(self) -> None:
        if not self._state.connections:
            self._empty.set()
        else:
            self._empty.clear()
        for connection in self._connections():
            connection.answer_and_close()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await self._empty.wait()
        for connection in self._connections():
            if connection.silent:
                connection.transport.close()
        await self._empty.wait()
        if self._state.tasks:  # of clients that have gone: what they asked for is done all the same
            await asyncio.wait(list(self._state.tasks))

    def _connections(self) -> list[TimedProtocol]:
        return [each for each in self._state.connections if isinstance(each, TimedProtocol)]

    def _protocol(self, release: Callable[[], None]) -> TimedProtocol:
        def lost() -> None:
            release()
            if not self._state.connections:
                self._empty.set()

        head_s, age_s = self._limits.header_timeout_s, self._limits.age_s
        return TimedProtocol(self._config, self._state, header_timeout_s=head_s, age_s=age_s, on_lost=lost)


def _config(app: Application, keep_alive_s: float) -> Config:
    """uvicorn's settings with everything off that we do not use: no logging set-up, proxies, websockets, lifespan."""
    config = Config(
        app,
        interface="asgi3",
        http=TimedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=keep_alive_s,  # type: ignore[arg-type]  # handed to call_later: fractions work
    )
    config.load()
    return config
