"""The whole service in one loop: store, app, front and health; the order in which they come up and go down."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from target import schema
from target.app import App
from target.database import open_database
from target.front import Front, Limits
from target.health import Health
from target.listener import bind, inherit, port_of
from target.settings import Settings
from target.store import Store

EVENT = "spring"
GRACE_S = 2.0
HEALTH_LIMITS = Limits(max_connections=100)
HEALTH_BACKLOG = 128


@dataclass(frozen=True)
class Service:
    """A service that answers: its ports, and its front for whoever waits for its end."""

    port: int
    health_port: int
    front: Front


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    """A running service; on leaving, connections get up to 2 s to end: those with a request are answered, the last time.

    1. both addresses are bound, so that a taken port is known at once; 2. the database is opened, tables and stock made;
    3. the service port listens; 4. the health port listens, so its first answer is a good one.
    Going down is the same backwards: the service port first, so that health says so while requests end.

    Raises OSError (an address that cannot be had) and DatabaseError.
    """
    with ExitStack() as opened:
        listener = opened.enter_context(_service_socket(settings))
        port = port_of(listener)
        health_port = settings.health_port_beside(port)
        health_listener = opened.enter_context(bind(settings.host, health_port))
        store = open_store(settings)
        opened.callback(store.close)
        app = App(store, slots=settings.slots, work_s=settings.work_ms / 1000, shed_after_s=settings.shed_after)
        front = Front(app, listener, _limits(settings))
        health = Front(Health(store, lambda: front.accepting), health_listener, HEALTH_LIMITS)
        try:
            front.open(settings.backlog, defer_accept=settings.defer_accept)
            health.open(HEALTH_BACKLOG)
            yield Service(port, health_port, front)
        finally:
            await front.close(GRACE_S)
            await health.close(0.1)


def _service_socket(settings: Settings) -> socket.socket:
    return bind(settings.host, settings.port) if settings.listen_fd is None else inherit(settings.listen_fd)


def open_store(settings: Settings) -> Store:
    return Store(open_database(settings.database_url, lambda engine: schema.create(engine, EVENT, settings.stock)))


def _limits(settings: Settings) -> Limits:
    return Limits(
        max_connections=settings.max_connections,
        full=settings.full,
        header_timeout_s=settings.header_timeout,
        keep_alive_s=settings.keep_alive,
        age_s=settings.connection_age,
    )


async def serve_until(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until ``stop`` is set. Raises what :func:`serving` raises, and what ends an acceptor."""
    async with serving(settings) as service:
        print(f"target: ready on port {service.port}, health on {service.health_port}", flush=True)
        stopped, failed = asyncio.create_task(stop.wait()), asyncio.create_task(service.front.failed())
        await asyncio.wait({stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        failed.cancel()
        if failed.done() and not failed.cancelled():
            failed.result()
