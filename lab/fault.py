"""The only module that a fault imports: what a fault is, what it may touch, what it says.

A fault breaks one thing, proves that it broke, and puts it back. It is a frozen dataclass whose fields are its
parameters as a drill file gives them; copy ``faults/noop.py``.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from lab.drill.model import Scalar as Scalar  # faults import it from here
from lab.drill.units import Seconds as Seconds

Counters = Mapping[str, int]
Need = Literal["pid", "proxy", "netns"]
"""What a fault cannot do without: a process of ours or one we may touch, the proxy lane, a network namespace of our own."""


@dataclass(frozen=True)
class Symptom:
    """What clients of the fake runtime see while the fault stands: ``share`` of the requests on ``classes`` meet ``kind``.

    ``refuse`` and ``hang`` meet new connections (nothing listens; nobody accepts); ``slow`` connects and is not answered in
    time, as by a stopped process. ``on``: a symptom of the *process* goes with it at a restart, unless what the fault left
    in the configuration is in force again; one of the *wire* stays.
    """

    kind: Literal["refuse", "reset", "hang", "slow", "none"]
    share: float = 1.0
    classes: frozenset[str] = frozenset({"fresh", "kept"})
    on: Literal["process", "wire"] = "process"
    setting: str = ""
    """Of the target: who changes it live takes the symptom away."""
    down_s: float = 0.0
    """Of ``refuse`` on the process: nobody can start it for so long."""
    after_commit: bool = False
    """The target has done the work before the client loses the answer."""


class Toxics(Protocol):
    """The proxy of the stage, in lane ``proxy``. Calls talk to the real Toxiproxy in a thread."""

    async def add(
        self,
        name: str,
        kind: str,
        stream: Literal["upstream", "downstream"],
        attributes: Mapping[str, int],
        toxicity: float = 1.0,
    ) -> None: ...

    async def remove(self, name: str) -> None:
        """Removes the toxic; no error when it is gone already."""
        ...


def _uncontested(_owner: str) -> AbstractAsyncContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Place:
    """Where a fault is let loose. Ask ``target`` each time: a restart changes its pid."""

    target: TargetAt
    toxics: Toxics | None
    own_network: bool
    """The network namespace is ours alone: its sysctls may be set and its counters are ours."""
    proc: Path = Path("/proc")
    custody: Callable[[str], AbstractAsyncContextManager[None]] = _uncontested
    """Whoever starts or ends the target's process, or holds it down, is alone in this block; named in the history."""

    @asynccontextmanager
    async def holds_down(self, owner: str, seconds: float) -> AsyncIterator[None]:
        """Nobody else starts the target before ``seconds`` have passed, or the block ends. Entered when it is ours."""
        ours = asyncio.Event()
        holding = asyncio.ensure_future(self._hold(owner, seconds, ours))
        try:
            await ours.wait()
            yield
        finally:
            holding.cancel()
            await asyncio.wait([holding])

    async def _hold(self, owner: str, seconds: float, ours: asyncio.Event) -> None:
        async with self.custody(owner):
            ours.set()
            await asyncio.sleep(seconds)

    def net_counters(self) -> Counters:
        """The kernel's TCP counters of the network namespace (``/proc/net/netstat`` and ``snmp``), by name."""
        lines = [*(self.proc / "net/netstat").read_text().splitlines(), *(self.proc / "net/snmp").read_text().splitlines()]
        tables = [(names, values) for names, values in zip(lines[::2], lines[1::2], strict=True) if names.startswith("Tcp")]
        return {
            name: int(value)
            for names, values in tables
            for name, value in zip(names.split()[1:], values.split()[1:], strict=True)
        }


class TargetAt(Protocol):
    """The target's process, wherever it is now."""

    @property
    def pid(self) -> int:
        """Of the process that listens (a start script's child, perhaps). Raises ProcessLookupError when there is none."""
        ...

    @property
    def port(self) -> int: ...

    def signal(self, number: int) -> None:
        """Through the pid file descriptor that the lab holds since the start, so never to somebody else.

        No error when the process has gone.
        """
        ...

    def kill(self) -> None:
        """SIGKILL by :meth:`signal`."""
        ...

    def listener(self) -> AbstractContextManager[socket.socket]:
        """A duplicate of its listening socket (pidfd_getfd), closed on exit. Raises ProcessLookupError when there is none."""
        ...

    def backlog(self) -> int:
        """Size of the accept queue of its listener, read back from the kernel. Raises ProcessLookupError."""
        ...

    def listen_drops(self) -> int:
        """Connections that its listener has dropped since it was bound; 0 when there is none."""
        ...

    @property
    def settings(self) -> Mapping[str, Scalar]:
        """As configured at its last start."""
        ...

    @property
    def deaths(self) -> int:
        """How many times a process of this target ended without being asked to by the lab."""
        ...


class Fault(Protocol):
    """``help`` is one line for ``lab list``; the class docstring is the manual, printed by ``lab show NAME``."""

    name: ClassVar[str]
    help: ClassVar[str]
    needs: ClassVar[frozenset[Need]]

    @property
    def symptom(self) -> Symptom:
        """What the fake runtime lets clients see."""
        ...

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        """Settings that the fault puts into the target's configuration for its next start (target < fault < measure)."""
        ...

    def evidence(self, place: Place) -> Counters:
        """Reads the counters that move when this fault bites: cheap (< 2 ms), also when the process is gone.

        Callable at any time. The lab reads them around the baseline and every 100 ms while the fault stands; the judge compares.
        """
        ...

    def inject(self, place: Place) -> AbstractAsyncContextManager[str]:
        """Breaks it on entry, yields in words what was read back (``backlog 1024→16, live (pid 12)``), heals on exit.

        Heals safely twice, on cancel, and when the process is gone.
        """
        ...
