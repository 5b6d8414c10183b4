"""Numbers as a person reads them. A space before the unit, thousands separated, a real minus sign."""

from __future__ import annotations

NOTHING = "–"
"""Stands where there is no figure."""


def duration(seconds: float) -> str:
    """``0.4 ms``, ``11 ms``, ``2.45 s``, ``−250 ms``: as many digits as mean something."""
    sign = "−" if seconds < 0 else ""
    size = abs(seconds)
    if size >= 0.9995:
        return f"{sign}{round(size, 2):g} s"
    ms = size * 1000
    return f"{sign}{ms:.0f} ms" if ms >= 9.95 or ms == 0 else f"{sign}{ms:.1f} ms"


def duration_or_nothing(seconds: float | None) -> str:
    return NOTHING if seconds is None else duration(seconds)


def change(seconds: float) -> str:
    """A difference of durations, with its sign."""
    return f"+{duration(seconds)}" if seconds > 0 else duration(seconds)


def offset(seconds: float) -> str:
    """Since an instant: ``0.000``, ``+0.561``, ``−0.010`` (seconds)."""
    return "0.000" if round(seconds, 3) == 0 else f"{seconds:+.3f}".replace("-", "−")


def share(value: float) -> str:
    """0 to 1 → ``81 %``; ``< 1 %`` and ``> 99 %`` rather than a nought or a whole that is none."""
    if 0 < value < 0.005:
        return "< 1 %"
    if 0.995 <= value < 1:
        return "> 99 %"
    return f"{value * 100:.0f} %"


def fine_share(value: float) -> str:
    """With one decimal, for small bounds: ``1.0 %``."""
    return f"{value * 100:.1f} %"


def count(number: int) -> str:
    return f"{number:,}"


def several(number: int, thing: str) -> str:
    """``1 request``, ``4 requests``."""
    return f"{count(number)} {thing}" if number == 1 else f"{count(number)} {thing}s"


def printable(text: str) -> str:
    """One line without control characters: what a target wrote into its log must not drive the reader's terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text.expandtabs(4))
