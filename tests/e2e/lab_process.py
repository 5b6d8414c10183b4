"""The real ``lab`` command as a child of the test: marked, watched through its events, counted to its last process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MARK = "LC_LAB_TEST"
"""A variable that a room lets in: every process that comes of a lab bears it, whatever program it is by then."""
LAB = (sys.executable, "-c", "from lab.cli.main import main; main()")
LOOK_EVERY_S = 0.01
HERE = frozenset(os.readlink(entry) for entry in Path("/proc/self/ns").iterdir())


@dataclass(frozen=True)
class Bearer:
    """A living process, and the mark that it bears, if any. ``namespaces``: those that are not the test's own."""

    pid: int
    mark: str
    argv: tuple[str, ...]
    namespaces: frozenset[str]


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        """Whatever happened, a person never sees a traceback."""
        assert "Traceback" not in self.out + self.err, self.err + self.out


class Lab:
    """``lab ARGUMENTS`` in the working directory ``place``, with a run root of its own. As a context it is dead at the end.

    ``within``: a command line that starts another, such as ``unshare``, put before it.
    """

    def __init__(
        self,
        place: Path,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
        root: Path | None = None,
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.root = root or place / self.mark
        self._said = [place / f"{self.mark}.{name}" for name in ("out", "err")]
        runs = ("--out", str(self.root)) if arguments and arguments[0] == "drill" else ()
        given = {**os.environ, "PYTHONUNBUFFERED": "1", MARK: self.mark, **(env or {})}
        with self._said[0].open("wb") as out, self._said[1].open("wb") as err:
            self.process = subprocess.Popen([*within, *LAB, *arguments, *runs], cwd=place, env=given, stdout=out, stderr=err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """What outlives it, because a promise was broken, is ended here one by one: the machine is not the test's."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for each in self.bearers() if error else ():
            with _gone_or_not_ours():
                os.kill(each.pid, signal.SIGKILL)

    # Waiting, always for something, never for a time

    def until(self, holds: Callable[[], Any], what: str, within_s: float = 30.0) -> Any:
        """What ``holds`` returns as soon as that is true. Fails when the lab ends first, or after ``within_s``."""
        deadline = time.monotonic() + within_s
        while True:
            ended = self.process.poll() is not None  # looked at first: what it did last must still count
            if found := holds():
                return found
            assert not ended, f"lab ended before {what}:\n{self._text(1)}"
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}\n{self._text(1)}"
            time.sleep(LOOK_EVERY_S)

    def until_event(self, kind: str, **fields: str) -> None:
        """Fields that an event does not write are at their default and cannot be asked for."""

        def seen() -> bool:
            return any(event["kind"] == kind and fields.items() <= event.items() for event in self.events())

        self.until(seen, f"event {kind} {fields}")

    def done(self, within_s: float = 60.0) -> Done:
        code = self.process.wait(within_s)
        return Done(code, self._text(0), self._text(1))

    def _text(self, stream: int) -> str:
        return self._said[stream].read_text(errors="replace")

    # What it wrote

    @property
    def run_dir(self) -> Path | None:
        """None before there is one."""
        return next((plan.parent for plan in self.root.glob("*/*/drill.json") if plan.parent.parent.name != "latest"), None)

    def events(self, writer: str = "run") -> list[dict[str, Any]]:
        """Those whose line is whole."""
        path = self.run_dir and self.run_dir / f"events-{writer}.jsonl"
        if path is None or not path.exists():
            return []
        return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]

    def verdict(self) -> dict[str, Any]:
        assert self.run_dir is not None, f"no run:\n{self._text(1)}"
        found: dict[str, Any] = json.loads((self.run_dir / "verdict.json").read_bytes())
        return found

    # What runs

    def bearers(self) -> list[Bearer]:
        return list(bearers(self.mark))

    def pid_of(self, *argv: str) -> int:
        """The process whose arguments begin so, after the program's name."""

        def found() -> list[int]:
            return [each.pid for each in self.bearers() if each.argv[1 : 1 + len(argv)] == argv]

        return int(self.until(found, f"a process {argv}")[0])

    def kill(self, *argv: str) -> None:
        """SIGKILL to one of its processes."""
        os.kill(self.pid_of(*argv), signal.SIGKILL)

    def nothing_is_left(self, namespaces: frozenset[str] = frozenset(), within_s: float = 5.0) -> None:
        """Neither a process nor, without a mark, one in these namespaces. Three looks in a row: in the middle of an exec a
        process shows no environment. What bears another mark is another lab's: the kernel gives the numbers of namespaces that
        have ended to the next that begin, and tests run several labs at a time.
        """
        deadline, empty = time.monotonic() + within_s, 0
        while empty < 3:
            left = [each for each in living() if each.mark == self.mark or (not each.mark and each.namespaces & namespaces)]
            empty = 0 if left else empty + 1
            assert time.monotonic() < deadline or not left, f"left running: {left}"


RUNNER = ("-P", "-m", "lab.run.runner")
SHARD = ("-m", "lab.load.shard")
TARGET = ("-m", "target")
TOXIPROXY = ("-host", "127.0.0.1")


def living() -> Iterator[Bearer]:
    """Every process that may be looked at."""
    for entry in _processes():
        with _gone_or_not_ours():
            yield _bearer(entry)


def bearers(mark: str) -> Iterator[Bearer]:
    return (each for each in living() if each.mark == mark)


def _processes() -> list[Path]:
    return [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _bearer(entry: Path) -> Bearer:
    namespaces = frozenset(os.readlink(each) for each in (entry / "ns").iterdir())
    argv = (entry / "cmdline").read_text(errors="replace").split("\0")
    environment = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
    mark = next((each.partition("=")[2] for each in environment if each.startswith(f"{MARK}=")), "")
    return Bearer(int(entry.name), mark, tuple(argv[:-1]), namespaces - HERE)


@contextmanager
def _gone_or_not_ours() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
