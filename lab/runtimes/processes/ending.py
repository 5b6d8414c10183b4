"""How a process ended, in words. Pure."""

from __future__ import annotations

import signal


def described(code: int) -> str:
    """``exit code 1``, ``SIGKILL``."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
