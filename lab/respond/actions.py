"""Acting: the short, dumb half of the responder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lab.drill.model import Deed, Scalar, StepDo
from lab.runtimes.base import CommandEnd, Service
from lab.watch.alarms import Standing

State = Literal["starting", "started", "ready", "stopping", "stopped", "died", "failed"]
Report = Callable[[State], None]


@dataclass(frozen=True)
class Means:
    """What an action has to work with. ``settings``: in force if the target were started now; ``keep`` puts some over them.

    ``run`` carries out a command in the room, with variables in its environment and a limit in seconds.
    """

    service: Service
    run: Callable[[Sequence[str], Mapping[str, str], float], Awaitable[CommandEnd]]
    settings: Callable[[], Mapping[str, Scalar]]
    keep: Callable[[Mapping[str, Scalar]], None]
    boot_s: float
    report: Report
    note: Callable[[str], None]


Action = Callable[[Deed, Standing, Means], Awaitable[str]]
"""Returns in words what came of it, where that is worth a word. Raises ServiceFailed or ActionFailed."""


class ActionFailed(RuntimeError):
    """It was done and did not work; the text says how, on its first line."""


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


async def restart(rule: Deed, _alarm: Standing, means: Means) -> str:
    """Ends the target, then starts it with the settings of now, over which ``settings`` are put first.

    ``how: kill``: at once, for a hung one would not listen to SIGTERM. ``graceful``: SIGTERM, killed after ``grace``.
    """
    means.keep(rule.settings)
    means.report("stopping")
    await means.service.stop(grace_s=rule.grace if rule.how == "graceful" else 0)
    means.report("stopped")
    await start(means.service, means.settings(), means.boot_s, means.report)
    return ""


async def set_live(rule: Deed, _alarm: Standing, means: Means) -> str:
    """Changes the running target, and its configuration: a process that dies in between comes up with them."""
    means.keep(rule.settings)
    return await means.service.change(rule.settings)


async def command(rule: Deed, alarm: Standing, means: Means) -> str:
    """A team's own script. Anything but exit code 0 is a failed action."""
    end = await means.run(rule.argv, _variables(alarm, means.service), rule.timeout)
    said = f": {end.lines[-1]}" if end.lines else ""
    told = "\n".join([f"{rule.argv[0]}, {end.how}{said}", *end.lines[:-1]])
    if not end.ok:
        raise ActionFailed(told)
    return told


def _variables(alarm: Standing, service: Service) -> Mapping[str, str]:
    """``LAB_TARGET_PID`` is empty where there is no process, or none that the lab knows."""
    try:
        pid = str(service.pid)
    except ProcessLookupError:
        pid = ""
    return {
        "LAB_ALARM": alarm.alarm,
        "LAB_ALARM_TEXT": alarm.text,
        "LAB_TARGET_PID": pid,
        "LAB_TARGET_PORT": str(service.port),
    }


async def scale_out(_rule: Deed, _alarm: Standing, means: Means) -> str:
    """One more process on the listener that the lab holds, healthy by then; its end is noted, whenever it comes."""
    return await means.service.add_worker(means.boot_s, means.note)


async def scale_in(rule: Deed, _alarm: Standing, means: Means) -> str:
    """The newest worker is asked to end, and killed after ``grace``."""
    return await means.service.remove_worker(rule.grace)


ACTIONS: Mapping[StepDo, Action] = {
    "restart": restart,
    "set": set_live,
    "command": command,
    "scale-out": scale_out,
    "scale-in": scale_in,
}
"""What is done. A rule's ``do`` may also name a ``runbook``, whose steps are these, and ``nobody``: then people act."""
