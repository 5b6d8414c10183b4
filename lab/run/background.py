"""Tasks that go on beside a stage and end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

T = TypeVar("T")


async def end(task: asyncio.Task[Any]) -> None:
    """Cancels a task and waits for it; an error that it died of is raised here, never lost."""
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        us = asyncio.current_task()
        if us is not None and us.cancelling():
            raise  # somebody wants us to end as well; only its own cancellation, of two lines above, stops here


def beside(stack: AsyncExitStack, *work: Coroutine[Any, Any, None]) -> list[asyncio.Task[None]]:
    """Starts each coroutine; they are ended, last first, when the stack unwinds."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
    for task in tasks:
        stack.push_async_callback(end, task)
    return tasks


async def unless_one_fails(others: Iterable[asyncio.Task[None]], work: Coroutine[Any, Any, T]) -> T:
    """Carries out ``work``; returns what it returns. When one of the others dies of an error meanwhile, ``work`` is ended at
    once, with all that it puts back on its way, and the error is raised here: nobody has to wait for the stage's end to
    hear of it."""
    doing = asyncio.ensure_future(work)
    watched = {doing, *others}
    try:
        while not doing.done():
            done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {doing}:
                task.result()
    finally:
        await end(doing)
    return doing.result()
