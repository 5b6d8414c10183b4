"""The system calls that the room is built with and that Python 3.11 has no name for.

Numbers above 424 are the same on every architecture that Python runs on. Each function raises OSError as ``os`` would.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE, _MOVE_MOUNT_F_EMPTY_PATH, _MOUNT_ATTR_RDONLY = 1, 4, 1
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def clone_tree(path: Path) -> int:
    """A detached copy of the mounts at ``path`` (open_tree, Linux 5.2), as a file descriptor for ``attach_tree``."""
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE
    return _syscall(_OPEN_TREE, path, _long(_AT_FDCWD), os.fsencode(path), _long(flags))


def attach_tree(tree: int, path: Path) -> None:
    """Mount a cloned tree at ``path`` (move_mount, Linux 5.2), and close its descriptor."""
    try:
        _syscall(_MOVE_MOUNT, path, _long(tree), b"", _long(_AT_FDCWD), os.fsencode(path), _long(_MOVE_MOUNT_F_EMPTY_PATH))
    finally:
        os.close(tree)


def make_readonly(tree: Path | int) -> None:
    """Every mount at and below a path, or of a cloned tree (mount_setattr, Linux 5.12). Devices stay writable."""
    attr = _MountAttr(attr_set=_MOUNT_ATTR_RDONLY)
    at, path = (tree, b"") if isinstance(tree, int) else (_AT_FDCWD, os.fsencode(tree))
    flags = _AT_RECURSIVE | (_AT_EMPTY_PATH if isinstance(tree, int) else 0)
    shown = None if isinstance(tree, int) else tree
    _syscall(_MOUNT_SETATTR, shown, _long(at), path, _long(flags), ctypes.byref(attr), _long(ctypes.sizeof(attr)))


def mount(filesystem: str, path: Path, options: str = "") -> None:
    """A new file system without devices or set-user-ID programs."""
    name, flags = filesystem.encode(), _MS_NOSUID | _MS_NODEV | (_MS_NOEXEC if filesystem == "proc" else 0)
    result = _libc.mount(name, os.fsencode(path), name, ctypes.c_ulong(flags), options.encode())
    _raise_if_failed(result, path)


def _syscall(number: int, path: Path | None, *arguments: object) -> int:
    result: int = _libc.syscall(_long(number), *arguments)
    _raise_if_failed(result, path)
    return result


def _raise_if_failed(result: int, path: Path | None) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), None if path is None else str(path))


def _long(value: int) -> ctypes.c_long:
    return ctypes.c_long(value)
