"""An alarm that is raised, and how long its condition must have held before it is."""

from __future__ import annotations

from dataclasses import dataclass

from lab.nanoseconds import NS_PER_S


@dataclass(frozen=True)
class Standing:
    """An alarm that is raised. ``evidence_from_ns``: the oldest thing that it can be about."""

    alarm: str
    since_ns: int
    evidence_from_ns: int
    text: str


class Held:
    """Since when a condition has held without a break. ``looks_back_s``: the window that it is about."""

    def __init__(self, alarm: str, for_s: float, looks_back_s: float = 0.0) -> None:
        self._alarm = alarm
        self._for_ns = round(for_s * NS_PER_S)
        self._looks_back_ns = round(looks_back_s * NS_PER_S)
        self._since_ns: int | None = None

    def told(self, text: str | None, now_ns: int) -> Standing | None:
        """``text``: why the condition holds at ``now_ns``, in words; None: it does not. The alarm, once it stands."""
        if text is None:
            self._since_ns = None
            return None
        if self._since_ns is None:
            self._since_ns = now_ns
        raised_ns = self._since_ns + self._for_ns
        if now_ns < raised_ns:
            return None
        return Standing(self._alarm, raised_ns, self._since_ns - self._looks_back_ns, text)


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"
