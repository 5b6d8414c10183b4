"""The target's process is killed, as by the out-of-memory killer or a segmentation fault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import ClassVar

from lab.fault import Counters, Need, Place, Scalar, Seconds, Symptom


@dataclass(frozen=True, kw_only=True)
class Crash:
    """SIGKILL to the target, through the pid file descriptor that the lab has held since it started it.

    Nothing is put back at the heal: a process that was killed stays dead until something starts it again. ``down``: nobody can
    for so long (a machine that boots anew, an image that is pulled): a responder that wants to waits until then, or the heal.
    ``config``: settings that were rolled out meanwhile and are in force from the next start. One that the target refuses, such as
    ``slots: 0``, ends every start, and so a restart heals nothing until a measure has a better value: a crash loop.
    Evidence: deaths of the target that nobody asked for.
    """

    down: Seconds = 0.0
    config: Mapping[str, Scalar] = field(default_factory=dict)

    name: ClassVar[str] = "crash"
    help: ClassVar[str] = "kills the target's process (SIGKILL)"
    needs: ClassVar[frozenset[Need]] = frozenset({"pid"})

    @property
    def symptom(self) -> Symptom:
        return Symptom("refuse", down_s=self.down)  # in the simulation no process starts with what ``config`` has

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        return self.config

    def evidence(self, place: Place) -> Counters:
        return {"deaths": place.target.deaths}

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        async with place.holds_down("fault crash", self.down) if self.down else nullcontext():
            pid = place.target.pid
            place.target.kill()
            down = f", down for {self.down:g} s" if self.down else ""
            left = "".join(f", configured {name} {value}" for name, value in self.config.items())
            yield f"SIGKILL (pid {pid}){down}{left}"
