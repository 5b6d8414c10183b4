"""A pipe as a stream of the running loop."""

from __future__ import annotations

import asyncio
from typing import IO, Any


async def reading(pipe: IO[Any], limit_bytes: int = 1 << 16) -> asyncio.StreamReader:
    """``limit_bytes``: of a line, and half of what is read ahead. The loop closes ``pipe`` at its end."""
    reader = asyncio.StreamReader(limit=limit_bytes)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader
