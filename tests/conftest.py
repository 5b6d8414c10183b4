"""For every test: no event loop that nobody closes (pytest-asyncio on 3.11 makes one when none is set at its start)."""

import asyncio

asyncio.set_event_loop(None)
