"""Exit codes: an API that CI relies on."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    PASS = 0
    FAIL = 1
    """The target failed."""
    USAGE = 2
    """Usage, an invalid file, or refused before anything started."""
    UNKNOWN = 3
    """Not valid, or not conclusive."""
    LEFT_BEHIND = 4
    """Something was left behind; the command that removes it is printed."""
    INTERRUPTED = 130
    """By Ctrl-C: healed, judged as far as it went."""
    TERMINATED = 143
    """The same by SIGTERM."""


SEVERITY = (Exit.INTERRUPTED, Exit.TERMINATED, Exit.LEFT_BEHIND, Exit.FAIL, Exit.UNKNOWN, Exit.USAGE, Exit.PASS)


def worst(codes: list[int]) -> int:
    """Over several trials: interrupted, then 4, then 1, then 3."""
    return min(codes, key=lambda code: SEVERITY.index(Exit(code)))
