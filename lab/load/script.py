"""A scenario in Python: the user's file, what is wrong with it in words, and one iteration of it that ends no engine.

The file has ``async def iteration(s)``, called for each iteration of each user, and perhaps ``async def setup(s)``, called
once per user before its first. ``s`` is a :class:`~lab.load.session.Session`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import sys
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from lab.clock import Clock
from lab.drill.problems import DrillErrors, Problem
from lab.load.session import Session, is_cancelled

OF_EACH_KIND = 3
LINES_OF_A_TRACEBACK = 20
_HINT = "async def iteration(s): await s.get('/health')"

Coroutine = Callable[[Session], Awaitable[object]]


@dataclass(frozen=True)
class Script:
    path: Path
    iteration: Coroutine
    setup: Coroutine | None = None


@dataclass(frozen=True)
class ScriptError:
    """One of the first exceptions of its kind."""

    t_ns: int
    vu: int
    iteration: int
    kind: str
    """Exception and where it was raised: ``KeyError at shop.py:12``."""
    lines: tuple[str, ...]
    """Of the traceback, from the user's file on."""


@dataclass(frozen=True)
class Ended:
    """An iteration that is over. ``ok``: it raised nothing, and every one of its requests was ok."""

    end_ns: int
    ok: bool


class ScriptErrors:
    """Counts what scripts raise, by kind, and keeps the first of each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: list[ScriptError] = []
        self.counts: Counter[str] = Counter()

    def look_at(self, error: BaseException, t_ns: int, session: Session) -> None:
        kind = f"{type(error).__name__} at {self._path.name}:{line_of(error, self._path)}"
        self.counts[kind] += 1
        if self.counts[kind] <= OF_EACH_KIND:
            lines = _traceback(error, self._path)
            self._pending.append(ScriptError(t_ns, session.vu, session.iteration, kind, lines))

    def take(self) -> list[ScriptError]:
        found, self._pending = self._pending, []
        return found


def load_script(path: str | Path) -> Script:
    """Runs the file, as an import would; modules beside it can be imported. Raises DrillErrors with all that is wrong."""
    path = Path(path)
    if not path.is_file():
        hint = "paths are relative to where lab is started"
        raise DrillErrors([Problem(str(path), 0, "no such file", "a file in Python with async def iteration(s)", hint)])
    module = _imported(path)
    iteration, setup = getattr(module, "iteration", None), getattr(module, "setup", None)
    problems = [*_problems(path, "iteration", iteration), *(_problems(path, "setup", setup) if setup is not None else ())]
    if problems:
        raise DrillErrors(problems)
    assert iteration is not None
    return Script(path, iteration, setup)


async def run_iteration(script: Script, session: Session, errors: ScriptErrors, clock: Clock, due_ns: int) -> Ended:
    """One iteration, before a user's first its ``setup``; where that fails there is none, and the next tries again.

    Whatever the script raises is counted in ``errors`` and ends its iteration only. Cancelled, it passes that on, whatever
    the script makes of it, and what was in flight has its row. It gives others a turn even when nothing was sent.
    """
    session.begin(due_ns)
    requests = session.requests
    cut, raised = True, False
    try:
        if not session.is_set_up:
            if script.setup is not None:
                await script.setup(session)
            session.is_set_up = True
        await script.iteration(session)
        cut = is_cancelled()
    except asyncio.CancelledError as error:
        cut = is_cancelled()
        if cut:
            raise
        errors.look_at(error, clock.now_ns(), session)  # a task of the script's own was cancelled
        raised = True
    except (Exception, SystemExit) as error:
        cut = is_cancelled()
        errors.look_at(error, clock.now_ns(), session)
        raised = True
    finally:
        session.end(cut)
        session.count_iteration()
    if session.requests == requests:
        await asyncio.sleep(0)
    if cut:
        raise asyncio.CancelledError
    return Ended(clock.now_ns(), not raised and session.all_ok)


def line_of(error: BaseException, path: Path) -> int:
    """The innermost line of the user's file that the exception came through; 0 where there is none."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).resolve() == path.resolve():
        return error.lineno or 0
    return next((frame.lineno or 0 for frame in reversed(_frames(error)) if _is(frame, path)), 0)


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)


def _is(frame: traceback.FrameSummary, path: Path) -> bool:
    return Path(frame.filename).resolve() == path.resolve()


def _traceback(error: BaseException, path: Path) -> tuple[str, ...]:
    """Without what is above the user's file: that is ours."""
    frames = _frames(error)
    first = next((index for index, frame in enumerate(frames) if _is(frame, path)), 0)
    text = [*traceback.format_list(frames[first:]), *traceback.format_exception_only(error)]
    lines = "".join(text).splitlines()
    return tuple(lines[-LINES_OF_A_TRACEBACK:])


def _imported(path: Path) -> ModuleType:
    name = f"lab_script_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DrillErrors([Problem(str(path), 0, "not a file in Python", "a name that ends in .py")])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up there
    _come_first(str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise DrillErrors([_broken(path, error)]) from error
    return module


def _come_first(folder: str) -> None:
    """As when Python runs a file of that folder; what it imports within functions is found later, too."""
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _broken(path: Path, error: BaseException) -> Problem:
    hint = ""
    if isinstance(error, ModuleNotFoundError):
        hint = f"install {error.name} where lab is installed, or put it beside {path.name}"
    return Problem(str(path), line_of(error, path), f"{type(error).__name__}: {error}", "a file that can be imported", hint)


def _problems(path: Path, name: str, function: object) -> Iterator[Problem]:
    expected = f"async def {name}(s)"
    if function is None:
        yield Problem(str(path), 0, f"no {name}", expected, _HINT)
        return
    line = getattr(getattr(function, "__code__", None), "co_firstlineno", 0)
    if not callable(function) or not inspect.iscoroutinefunction(function):
        what = "yields" if inspect.isasyncgenfunction(function) else "is not async"
        yield Problem(str(path), line, f"{name} {what}", expected, _HINT if name == "iteration" else "")
        return
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        yield Problem(str(path), line, f"{name}{inspect.signature(function)} cannot be called with the session alone", expected)
