"""Nanoseconds inside, seconds with six decimals outside."""

from __future__ import annotations

from lab.nanoseconds import NS_PER_S


def ns(seconds: float) -> int:
    """Seconds of a drill file → whole nanoseconds."""
    return round(seconds * NS_PER_S)


def seconds(t_ns: int) -> float:
    """Integer ns → seconds, rounded once, at the very end: so shifting every instant of a run changes no duration."""
    return round(t_ns / NS_PER_S, 6)


def seconds_or_none(t_ns: int | None) -> float | None:
    return None if t_ns is None else seconds(t_ns)


def between(begin_ns: int | None, end_ns: int | None) -> float | None:
    """``end − begin`` in seconds, negative when the end came first; None when one of them never came."""
    return None if begin_ns is None or end_ns is None else seconds(end_ns - begin_ns)
