"""What a runtime provides: the *room* in which target, proxy, load and probe live, real or simulated.

The stage loop speaks only to these protocols; ``processes`` answers with real processes and sockets (sandbox and
open), ``fake`` with a simulated service in virtual time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from lab.clock import Clock
from lab.drill.model import Lane, Load, Scalar
from lab.fault import Counters, Fault, Place, TargetAt, Toxics
from lab.history.model.events import AcceptEvent
from lab.history.model.ledger import Ledger
from lab.history.model.rows import Row
from lab.http.exchange import Dialer
from lab.load.plan import ShardPlan


class ServiceFailed(RuntimeError):
    """What a stage needs could not be had: a target that did not start or did not become healthy (the text ends with the last
    lines of its log), a proxy, a setting of the kernel, a process of the load."""


class Service(TargetAt, Protocol):
    """The target under the lab's hand: started, watched, ended."""

    @property
    def running(self) -> bool: ...

    async def start(self, settings: Mapping[str, Scalar]) -> None:
        """Starts its process; returns when there is one. Raises ServiceFailed when there cannot be."""
        ...

    async def until_ready(self, within_s: float) -> None:
        """Returns at the first good answer of its health check. Raises ServiceFailed when it dies or takes too long."""
        ...

    async def ask_health(self, within_s: float) -> str:
        """Asks its health check once, over a new connection; says what came instead of a good answer within ``within_s``.

        Empty: a good answer. Of several processes the first is asked, where each has a health port of its own.
        """
        ...

    async def until_dead(self) -> str:
        """Returns when the process of now has ended without having been asked to; says how (``exit code 1``, ``SIGKILL``)."""
        ...

    async def until_running(self) -> None:
        """Returns when there is a process (again)."""
        ...

    async def change(self, settings: Mapping[str, Scalar]) -> str:
        """Changes settings of the running process (``respond_rules.LIVE``); says what came of it, as read back.

        Raises ServiceFailed when there is none.
        """
        ...

    @property
    def workers(self) -> int:
        """Processes that serve: the one that was started, and those that were added; 0 when there is none."""
        ...

    async def add_worker(self, within_s: float, ended: Callable[[str], None]) -> str:
        """One more, with the settings of the first, on the same listener; returns when it is healthy, and says so.

        ``ended`` is told when it ends without having been asked to. Raises ServiceFailed.
        """
        ...

    async def remove_worker(self, grace_s: float) -> str:
        """Ends the newest of those that were added. Raises ServiceFailed when there is none."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Asks the process, and all workers, to end, after ``grace_s`` kills it (0: at once); returns when it is gone."""
        ...

    async def ledger(self) -> Ledger: ...

    async def resources(self) -> Mapping[str, float]:
        """What its process (``pid``) holds now; empty when there is none, or nothing to be read."""
        ...


@dataclass(frozen=True)
class LaneEnd:
    """Where load and probe connect to, and the proxy in between, if any."""

    port: int
    toxics: Toxics | None = None


@dataclass(frozen=True)
class LoadReport:
    """What the load says of itself when it has ended. ``rows``: those that no process of its own has written."""

    exit: int = 0
    late_ms: float = 0.0
    cpu_share: float = 0.0
    detail: str = ""
    checks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    script_errors: Mapping[str, int] = field(default_factory=dict)
    rows: Sequence[Row] = field(default=())


@dataclass(frozen=True)
class LoadTick:
    """What the load said last, for the display. ``outcomes``: requests since its start by how they ended."""

    outcomes: Mapping[str, int] = field(default_factory=dict)
    rate: float = 0.0
    """Requests per second over the last second."""
    p95_ms: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    statuses: Mapping[str, int] = field(default_factory=dict)
    vus: int = 0


@dataclass(frozen=True)
class CommandEnd:
    """How a team's command ended: in words, and the last lines that it said. ``ok``: exit code 0."""

    ok: bool
    how: str
    lines: Sequence[str] = ()


class Users(Protocol):
    """The load of a stage while it runs."""

    @property
    def latest(self) -> LoadTick: ...

    async def stop(self) -> LoadReport:
        """Starts no more iterations, records what is in flight as cut, returns when all rows are written."""
        ...

    async def until_dead(self) -> str:
        """Returns when the load has broken off; says how. A load that has done all it had to do has not."""
        ...

    async def until_over(self) -> None:
        """Returns when it has done all it had to do, or has broken off."""
        ...


class Standby(Protocol):
    """The process of a load before it has a plan."""

    async def ready(self) -> None:
        """Returns when it waits for its plan. Raises ServiceFailed when it does not in good time."""
        ...

    def begin(self, plan: ShardPlan) -> Users:
        """Once; its users begin when the plan says."""
        ...

    async def end(self) -> None:
        """Of one without a plan; the users of one that has begun are stopped instead."""
        ...


class Room(Protocol):
    """All that a stage may ask of where it runs."""

    @property
    def clock(self) -> Clock: ...

    @property
    def own_network(self) -> bool: ...

    @property
    def host(self) -> str:
        """Where load and probe connect to."""
        ...

    @property
    def tls(self) -> bool:
        """They do so over TLS."""
        ...

    @property
    def service(self) -> Service: ...

    def kernel(self, values: Mapping[str, int]) -> AbstractContextManager[None]:
        """While it is entered, the kernel's network has these settings. Raises ServiceFailed where that is not ours to change."""
        ...

    async def open_lane(self, lane: Lane) -> LaneEnd:
        """The way to the running service; lane ``proxy`` goes through a fresh proxy without toxics."""
        ...

    async def close_lane(self) -> None: ...

    def dialer(self, port: int) -> Dialer: ...

    async def stand_by(self, scenario: int, load: Load) -> Standby:
        """Starts a process for a shard of this load; ``scenario``: index of the stage."""
        ...

    async def run(self, argv: Sequence[str], variables: Mapping[str, str], within_s: float) -> CommandEnd:
        """A team's command, beside the target; killed with all that it started when it takes longer."""
        ...

    def let_loose(self, fault: Fault, place: Place) -> AbstractAsyncContextManager[str]:
        """Injects the fault (in the fake room: its symptom)."""
        ...

    def evidence(self, fault: Fault, place: Place) -> Counters: ...

    def readings(self) -> Mapping[str, float]:
        """The machine: CPU pressure, steal, time suspended. Empty where there is nothing to read."""
        ...

    async def at_the_listener(self, alarms: Collection[str]) -> AcceptEvent:
        """What the target's listener holds now, as far as the rules of these names need it. Does not keep the loop for 2 ms."""
        ...

    async def close(self) -> None:
        """Ends all that still runs."""
        ...
