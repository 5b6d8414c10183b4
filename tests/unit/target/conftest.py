"""Whatever runs in a loop here runs in both: the service takes uvloop where it is installed, asyncio's own elsewhere."""

from __future__ import annotations

import asyncio

import uvloop


def pytest_asyncio_loop_factories():
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
