"""With which settings the target would be started now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lab.drill.model import Scalar, Stage
from lab.fault import Fault
from lab.run.bench import Bench


class NextStart:
    """One stage's: target < stage < what the fault of now left in the configuration < measure < what an action has set."""

    def __init__(self, bench: Bench, stage: Stage) -> None:
        self._bench = bench
        self._stage = stage
        self._left: Mapping[str, Scalar] = {}
        self._kept: dict[str, Scalar] = {}

    def settings(self) -> dict[str, Scalar]:
        """In force if the target were started now."""
        return {**self._bench.settings(self._stage, self._left), **self._kept}

    def keep(self, settings: Mapping[str, Scalar]) -> None:
        """Until the stage ends."""
        self._kept |= settings

    @contextmanager
    def left_by(self, fault: Fault) -> Iterator[None]:
        """While the block runs, what the fault leaves in the configuration stays in it."""
        self._left = fault.leaves
        try:
            yield
        finally:
            self._left = {}
