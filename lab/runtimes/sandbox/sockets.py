"""Unix sockets of the machine, by their paths: a network namespace does not keep anybody from them, a mount does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PROC_NET_UNIX = Path("/proc/net/unix")


def bound_paths(table: Iterable[str]) -> tuple[Path, ...]:
    """Every path that a socket is bound to, from the lines of /proc/net/unix; abstract names (``@…``) are left out,
    because those belong to a network namespace."""
    columns = (line.rstrip("\n").split(maxsplit=7) for line in table)
    return tuple(sorted({Path(line[7]) for line in columns if len(line) == 8 and line[7].startswith("/")}))


def sockets_of_this_machine() -> tuple[Path, ...]:
    with PROC_NET_UNIX.open(errors="surrogateescape") as table:
        return bound_paths(table)
