"""``python -m target``: reads the settings, serves until SIGTERM or SIGINT.

Exit codes: 0 stopped, 1 could not serve (port taken, database unusable), 2 wrong settings; the reason is one line on stderr.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from target.settings import Settings, SettingsError, read_settings


def main() -> int:
    try:
        settings = read_settings(os.environ)
    except SettingsError as wrong:
        return _failed(2, str(wrong))
    from target.database import DatabaseError  # SQLAlchemy takes 0.17 s to import: wrong settings are told before that

    try:
        _runner()(_serve(settings))
    except DatabaseError as error:
        return _failed(1, str(error))
    except OSError as error:
        return _failed(1, f"cannot serve on {_address(settings)}: {error.strerror or error}")
    return 0


async def _serve(settings: Settings) -> None:
    from target.service import serve_until

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve_until(settings, stop)


def _runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """uvloop's where it is installed, asyncio's elsewhere."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


def _address(settings: Settings) -> str:
    if settings.listen_fd is not None:
        return f"inherited file descriptor {settings.listen_fd}"
    return f"{settings.host}:{settings.port} (health {settings.health_port_beside(settings.port)})"


def _failed(code: int, reason: str) -> int:
    print(f"target: {reason}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
