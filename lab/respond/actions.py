"""Acting: the short, dumb half of the responder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from lab.drill.model import Scalar
from lab.runtimes.base import Service

State = Literal["starting", "started", "ready", "stopping", "stopped", "died", "failed"]
Report = Callable[[State], None]
Action = Callable[[Service, Mapping[str, Scalar], float, Report], Awaitable[None]]


async def start(service: Service, settings: Mapping[str, Scalar], boot_s: float, report: Report) -> None:
    """Starts the target and waits until it is healthy; raises ServiceFailed when it is not within ``boot_s``."""
    report("starting")
    try:
        await service.start(settings)
        report("started")
        await service.until_ready(boot_s)
    except Exception:
        report("failed")  # of what, says the stage or the action that ends with this error
        raise
    report("ready")


async def restart(service: Service, settings: Mapping[str, Scalar], boot_s: float, report: Report) -> None:
    """Kills the target (a hung one would not listen to SIGTERM), then starts it with ``settings``."""
    report("stopping")
    await service.stop(grace_s=0)
    report("stopped")
    await start(service, settings, boot_s, report)


ACTIONS: Mapping[str, Action] = {"restart": restart}
"""What a rule's ``do`` may name, apart from ``nobody``: then people act."""
