"""Tasks that go on beside a stage and end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any


async def end(task: asyncio.Task[Any]) -> None:
    """Cancels a task and waits for it; an error that it died of is raised here, never lost."""
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        us = asyncio.current_task()
        if us is not None and us.cancelling():
            raise  # somebody wants us to end as well; only its own cancellation, of two lines above, stops here


def beside(stack: AsyncExitStack, *work: Coroutine[Any, Any, None]) -> None:
    """Starts each coroutine; they are ended, last first, when the stack unwinds."""
    for coroutine in work:
        stack.push_async_callback(end, asyncio.ensure_future(coroutine))
