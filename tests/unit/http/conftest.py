"""Stories between a client and the fault server, each on asyncio's loop and on uvloop's."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvloop
from authority import Authority, authority
from fault_server import FaultServer, RunStory, fault_server
from http_user import Run, User


@pytest.fixture(autouse=True, scope="module")
def _cheap_collections() -> Iterator[None]:
    """What other modules left is looked at once, not after every story."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=["asyncio", "uvloop"])
def run_story(request: pytest.FixtureRequest) -> RunStory:
    """Runs a story on a loop of its own, ``tls``: over TLS. No socket may be left open: a ResourceWarning is an error."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def run_it(story: Callable[[FaultServer], Awaitable[None]], tls: ssl.SSLContext | None = None) -> None:
        async def with_server() -> None:
            async with fault_server(tls) as server:
                await story(server)

        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(with_server())
        gc.collect()

    return run_it


@pytest.fixture
def run(run_story: RunStory) -> Run:
    return lambda story: run_story(lambda server: story(User(server)))
