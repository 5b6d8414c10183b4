"""Where the lab keeps the server that it has downloaded or built, and how two labs may put it there at once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.toxiproxy_binary.candidate import PINNED, Limits, Unusable, check_pinned

SERVER = "toxiproxy-server"


def cached_binary() -> Path:
    """``$XDG_CACHE_HOME/resilience-lab/toxiproxy/2.12.0/toxiproxy-server``; need not exist.

    ``~/.cache`` when the variable is unset or, as its specification says, relative. Raises Unusable without a home.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not home.is_absolute():
        try:
            home = Path.home() / ".cache"
        except RuntimeError as error:
            raise Unusable("no XDG_CACHE_HOME and no home directory") from error
    return home / "resilience-lab" / "toxiproxy" / PINNED / SERVER


@contextmanager
def workshop() -> Iterator[Path]:
    """A temporary directory beside the cached binary, so on the same file system.

    Raises Unusable when there can be none, and for whatever else goes wrong with files inside the block (disk full).
    """
    place = cached_binary().parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".new-") as directory:
            yield Path(directory)
    except OSError as error:
        raise Unusable(f"the cache cannot be written: {error}") from error


def keep(binary: Path, limits: Limits) -> Path:
    """Checks that ``binary`` (in a workshop) runs and is the pinned version, moves it into the cache, returns its place there.

    The move is a rename: of two labs that do this at once the second replaces the first's with the same thing, and
    whoever runs the first's keeps it. Raises Unusable, OSError.
    """
    binary.chmod(0o755)
    check_pinned(binary, limits)
    return binary.replace(cached_binary())
