"""What waits at the target's listener, is open, and was dropped there: cheap enough to be asked 20 times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from lab.clock import Clock
from lab.fault import Place, TargetAt
from lab.history.model.events import AcceptEvent
from lab.runtimes import listener
from lab.watch import inet_diag, resources

LIMIT = "max_connections"
"""The setting that a share of connections is one of."""


async def read(target: TargetAt, alarms: Collection[str], *, own_network: bool, clock: Clock) -> AcceptEvent:
    """Asked by port, so whichever process listens there now. Connections take longer the more there are, and the drops of a
    listener in the open have to be found among a process's descriptors: both are read in a thread.
    """
    queue = _queue(target)
    if queue is None:
        return AcceptEvent(t_ns=clock.now_ns())
    waiting, limit = queue
    connections = await asyncio.to_thread(_connections, target) if "connections" in alarms else 0
    drops = await _drops(target, own_network=own_network) if "overflows" in alarms else 0
    return AcceptEvent(
        t_ns=clock.now_ns(), waiting=waiting, limit=limit, connections=connections, most=_most(target), drops=drops
    )


def _most(target: TargetAt) -> int:
    """Of a target that is not ours the setting may mean anything; a share of it is refused unless it is a whole number."""
    most = target.settings.get(LIMIT, 0)
    return most if isinstance(most, int) else 0


def _queue(target: TargetAt) -> tuple[int, int] | None:
    try:
        return inet_diag.accept_queue(target.port)
    except OSError:
        pass  # a kernel without INET_DIAG, or one that forbids it: a duplicate of the listener tells the same
    try:
        with target.listener() as sock:
            return listener.accept_queue(sock)
    except ProcessLookupError:
        return None


def _connections(target: TargetAt) -> int:
    try:
        return inet_diag.accepted(target.port)
    except OSError:
        pass
    try:
        return int(resources.read(target.pid).get("connections", 0))
    except ProcessLookupError:
        return 0


async def _drops(target: TargetAt, *, own_network: bool) -> int:
    """ListenDrops counts what ListenOverflows does, and what is dropped for other reasons: their sum would count twice.

    A deferred ACK (TCP_DEFER_ACCEPT) counts among a listener's own drops, and is none.
    """
    place = Place(target=target, toxics=None, own_network=own_network)
    if own_network:
        return place.net_counters()["ListenDrops"]
    return await asyncio.to_thread(lambda: target.listen_drops() - place.net_counters()["TCPDeferAcceptDrop"])
