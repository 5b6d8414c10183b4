"""The target's process stands still, as in an endless loop, a dead lock, or a stop of the whole machine under it."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar

from lab.fault import Counters, Need, Place, Scalar, Symptom


@dataclass(frozen=True, kw_only=True)
class Hang:
    """SIGSTOP to the process of the target that listens, SIGCONT at the heal.

    The kernel still takes its connections, until the accept queue is full, and nobody answers: a check that only connects
    says that all is well. SIGTERM is not heard until it goes on, so what restarts it must kill it.
    Evidence: the target is in the kernel's state T (stopped). A process that was started meanwhile is another one.
    """

    name: ClassVar[str] = "hang"
    help: ClassVar[str] = "stops the target's process (SIGSTOP): it listens and does not answer"
    needs: ClassVar[frozenset[Need]] = frozenset({"pid"})

    @property
    def symptom(self) -> Symptom:
        return Symptom("slow")

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        return {}

    def evidence(self, place: Place) -> Counters:
        return {"stopped": int(_state(place) == "T")}

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        pid = place.target.pid
        try:
            place.target.signal(signal.SIGSTOP)
            yield f"SIGSTOP (pid {pid})"
        finally:
            place.target.signal(signal.SIGCONT)


def _state(place: Place) -> str:
    """As /proc has it; empty when there is no process."""
    try:
        stat = (place.proc / str(place.target.pid) / "stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return ""
    return stat.rpartition(")")[2].split()[0]
