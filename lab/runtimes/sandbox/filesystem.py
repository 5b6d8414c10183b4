"""What the room's processes see and may change: the whole tree, read-only, but for their run directory.

Private and empty: /tmp, /run, /dev/shm. What the lab itself needs from below those (a checkout in /tmp) is put back.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.runtimes.sandbox import kernel

PRIVATE = (Path("/tmp"), Path("/run"), Path("/dev/shm"))
HOME = Path("/tmp/home")
_TMPFS_OPTIONS = "mode=1777,size=1g"  # a target that fills its disk shall not fill the machine's memory
_MACHINE_WIDE = ("sys", "sysrq-trigger", "irq", "bus", "fs")  # below /proc; what container runtimes close, too


@dataclass(frozen=True)
class View:
    """``writable`` and ``readable`` stay where they are, also below a private directory; ``hidden`` sockets vanish."""

    writable: tuple[Path, ...]
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()


def view(writable: Iterable[Path], readable: Iterable[Path], hidden: Iterable[Path], private: Sequence[Path] = PRIVATE) -> View:
    """Decide which mounts are needed.

    Readable paths outside the private directories are seen anyway; a private directory itself (or what contains one)
    is never given back whole, even if somebody works right in /tmp. A hidden socket below a writable path is meant for
    the room: the lab's own.
    """
    opened = tuple(sorted(set(writable)))
    below = {path for path in readable if any(directory in path.parents for directory in private)}
    kept = tuple(sorted(path for path in below if not below.intersection(path.parents)))
    return View(opened, kept, tuple(path for path in hidden if not set(opened).intersection(path.parents)))


def apply(wanted: View, private: Sequence[Path] = PRIVATE) -> None:
    """Build it in this mount namespace, in an order that matters:

    1. copy what shall be writable, while it still is;
    2. make everything read-only, and copy what shall stay readable;
    3. cover the private directories, put the copies back over them, parents first;
    4. cover the sockets that are left.
    """
    opened = [(path, kernel.clone_tree(path)) for path in wanted.writable]
    kernel.make_readonly(Path("/"))
    kept = [(path, kernel.clone_tree(path)) for path in wanted.readable]
    for directory in private:
        if directory.is_dir():
            kernel.mount("tmpfs", directory, _TMPFS_OPTIONS)
    for path, tree in (*kept, *opened):
        _stand_in(path, tree)
        kernel.attach_tree(tree, path)
    HOME.mkdir(mode=0o700, exist_ok=True)
    for path in wanted.hidden:
        if _is_socket(path):
            kernel.attach_tree(kernel.clone_tree(Path("/dev/null")), path)


def mount_proc(whole_machine: bool) -> None:
    """A /proc of the room's own processes, writable, or its sysctls would be read-only as well.

    ``whole_machine``: root here is root of the machine, and could set what is no namespace's own; only net is left open.
    """
    proc = Path("/proc")
    kernel.mount("proc", proc)
    if not whole_machine:
        return
    network = kernel.clone_tree(proc / "sys" / "net")
    for name in _MACHINE_WIDE:
        if (proc / name).exists():
            tree = kernel.clone_tree(proc / name)
            kernel.make_readonly(tree)
            kernel.attach_tree(tree, proc / name)
    kernel.attach_tree(network, proc / "sys" / "net")


def _stand_in(path: Path, tree: int) -> None:
    """Something to mount on, where a private directory has covered what was there."""
    if path.exists():
        return
    if stat.S_ISDIR(os.fstat(tree).st_mode):
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _is_socket(path: Path) -> bool:
    """False also for what we may not look at: who cannot reach a path cannot connect to it."""
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
