"""What the simulated target's listener would hold, from the symptom that ails it."""

from __future__ import annotations

from collections.abc import Mapping

from lab.drill.model import Scalar
from lab.history.model.events import AcceptEvent
from lab.runtimes.fake.world import World

BACKLOG = 128


def held(world: World, settings: Mapping[str, Scalar], users: int) -> AcceptEvent:
    """A healthy one takes every connection at once. One on which new connections *hang* has all that it may have open and a
    full queue that drops each further one; behind a *slow* one, which is stopped, each request that meets it waits.
    """
    now_ns, now = world.clock.now_ns(), world.now
    if not now.up:
        return AcceptEvent(t_ns=now_ns)
    limit = int(settings.get("backlog", BACKLOG))
    most = int(settings.get("max_connections", 0))
    kind = now.symptom.kind if now.symptom else "none"
    waiting = {"hang": limit + 1, "slow": min(world.hits, limit + 1)}.get(kind, 0)
    drops = {"hang": world.hits, "slow": world.hits - waiting}.get(kind, 0)
    connections = most if kind == "hang" and most else users
    return AcceptEvent(t_ns=now_ns, waiting=waiting, limit=limit, connections=connections, most=most, drops=drops)
