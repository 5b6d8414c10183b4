"""Stories on asyncio's loop and on uvloop's; the file of a user, which leaves no trace."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from script_file import Written
from session_place import Run, Story, place, serving


@pytest.fixture(params=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as running:
        yield running


@pytest.fixture
def run(runner: asyncio.Runner) -> Run:
    """Of a session and its server; the load's settings beside it."""

    def run_it(story: Story, **load: Any) -> None:
        async def with_server() -> None:
            async with serving() as server:
                here = place(server, **load)
                try:
                    await story(here)
                finally:
                    here.session.hang_up()

        runner.run(with_server())

    return run_it


@pytest.fixture(autouse=True)
def _imports_leave_no_trace() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("lab_script_"):
            del sys.modules[name]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str) -> Path:
        path = tmp_path / "shop.py"
        path.write_text(textwrap.dedent(text))
        return path

    return write
