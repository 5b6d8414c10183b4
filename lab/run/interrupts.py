"""Ctrl-C and SIGTERM of the control process: counted, not raised, so that none falls between two steps of an ending."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self


class Interrupts:
    """Counts while the block runs; what was ignored before (a background job's SIGINT, nohup) stays ignored."""

    def __init__(self) -> None:
        self.signals: list[int] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Raises ValueError outside the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._count)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _count(self, number: int, _frame: FrameType | None) -> None:
        self.signals.append(number)

    def __len__(self) -> int:
        return len(self.signals)
