"""Slots: so many requests are worked on at a time; the others wait in line, each as long as it may."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class Shed(Exception):
    """No slot was free in time: turned away before any work was done, so it may be asked again."""


class Slots:
    """``async with slots:`` has one, or raises :class:`Shed` after ``shed_after_s`` in line (0: waits as long as it takes).

    A slot that is given back goes straight to the first in line, who is not shed any more. asyncio's Semaphore under a time-out
    wakes the first, who in overload is always the one whose time has all but run out, and if it has, wakes the next a pass of
    the loop later, and so on, with the slot idle meanwhile.
    """

    def __init__(self, most: int, shed_after_s: float = 0.0) -> None:
        self._free = most
        self._shed_after_s = shed_after_s
        self._line: deque[asyncio.Future[bool]] = deque()

    async def __aenter__(self) -> None:
        if self._free:
            self._free -= 1
        elif not await self._turn():
            raise Shed

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._give_back()

    async def _turn(self) -> bool:
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[bool] = loop.create_future()
        self._line.append(mine)
        timer = loop.call_later(self._shed_after_s, _settle, mine, False) if self._shed_after_s > 0 else None
        try:
            return await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled() and mine.result():
                self._give_back()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _give_back(self) -> None:
        while self._line:
            if _settle(self._line.popleft(), True):
                return
        self._free += 1


def _settle(turn: asyncio.Future[bool], has_come: bool) -> bool:
    """Whether it was still open."""
    if turn.done():
        return False
    turn.set_result(has_come)
    return True
