"""The reference fault: breaks nothing, so a drill with it must end ``unknown``, never ``pass``. Copy this file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar

from lab.fault import Counters, Need, Place, Scalar, Symptom


@dataclass(frozen=True, kw_only=True)
class Noop:
    """Does nothing. Its evidence never moves, and so a stage with it is never called a pass."""

    name: ClassVar[str] = "noop"
    help: ClassVar[str] = "breaks nothing: proves that the lab says unknown when a fault did not land"
    needs: ClassVar[frozenset[Need]] = frozenset()

    # Parameters of the fault are fields with types and defaults; a drill file gives them by name.

    @property
    def symptom(self) -> Symptom:
        return Symptom("none")

    @property
    def leaves(self) -> Mapping[str, Scalar]:
        return {}  # what stays in the target's configuration for its next start

    def evidence(self, place: Place) -> Counters:
        return {"nothing": 0}  # counters that move when the fault bites

    @asynccontextmanager
    async def inject(self, place: Place) -> AsyncIterator[str]:
        try:
            yield "nothing was done"  # after reading back what was done
        finally:
            pass  # heal here: also on cancel, also twice, also when the process is gone
