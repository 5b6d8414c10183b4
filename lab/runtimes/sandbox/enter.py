"""Inside, as pid 1: build the room, then become the runner. ``launch.command`` writes the command line for it.

What fails is one line on stderr and exit code 125; a runner that cannot be started is 127.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lab.runtimes.sandbox import filesystem
from lab.runtimes.sandbox.network import loopback_up

EXIT_NO_ROOM = 125
EXIT_NO_RUNNER = 127
PARENT = "LAB_SANDBOX_PARENT"
"""Variable with the pid of ``unshare``, as the outside counts."""


class RoomError(Exception):
    """The room cannot be built here; the text is one line for people."""


def main(arguments: list[str]) -> None:
    """Build the room and exec the runner; does not return."""
    options, argv = _parse(arguments)
    try:
        build(options, argv)
    except RoomError as error:
        _give_up(EXIT_NO_ROOM, str(error))
    try:
        os.execvpe(argv[0], argv, room_environment(os.environ))
    except OSError as error:
        _give_up(EXIT_NO_RUNNER, f"cannot start {argv[0]}: {error.strerror}")


def build(options: argparse.Namespace, argv: list[str]) -> None:
    """Steps: is the lab still there; loopback; the tree; /proc; back into the working directory, which may have moved."""
    cwd = Path.cwd()
    with _doing("find the lab outside"):
        _leave_if_orphan()
    with _doing("bring the loopback up"):
        loopback_up()
    with _doing("make the tree read-only and /tmp private (mount_setattr needs Linux 5.12)"):
        readable = (*options.readable, cwd, *_own_code(argv))
        filesystem.apply(filesystem.view(options.writable, (path.resolve() for path in readable), options.hide))
    with _doing("mount /proc"):
        filesystem.mount_proc(whole_machine=_is_root_of_the_machine())
    with _doing("enter the working directory"):
        os.chdir(cwd if cwd.is_dir() else options.writable[0])


def room_environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name != PARENT}
    return kept | {"HOME": str(filesystem.HOME), "TMPDIR": "/tmp"}


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="sandbox")
    parser.add_argument("--writable", type=Path, action="append", required=True)
    parser.add_argument("--readable", type=Path, action="append", default=[])
    parser.add_argument("--hide", type=Path, action="append", default=[])
    split = arguments.index("--")
    return parser.parse_args(arguments[:split]), arguments[split + 1 :]


def _leave_if_orphan() -> None:
    """``unshare --kill-child`` forks first and asks for its parent-death signal then: who dies in between leaves a room
    that nobody ends. /proc is still the outside's here, so our parent is seen in it, or no longer."""
    lines = Path("/proc/self/status").read_text().splitlines()
    parent = next(line.split()[1] for line in lines if line.startswith("PPid:"))
    if parent != os.environ.get(PARENT):
        raise RoomError(f"the lab that wanted this room is gone (parent is {parent})")


def _is_root_of_the_machine() -> bool:
    """Root without a user namespace: every uid is mapped to itself."""
    return Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]


def _own_code(argv: list[str]) -> list[Path]:
    """Where the interpreter, the lab and the runner live: all of it may be below /tmp."""
    program = shutil.which(argv[0])
    paths = [sys.prefix, sys.base_prefix, *sys.path, *os.get_exec_path(), *([os.path.dirname(program)] if program else [])]
    return [Path(path) for path in paths if path and os.path.exists(path)]


@contextmanager
def _doing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise RoomError(f"cannot {what}: {error.strerror}{where}") from error


def _give_up(code: int, why: str) -> None:
    print(f"sandbox: {why}", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
