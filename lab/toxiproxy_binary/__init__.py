"""Finds the Toxiproxy server: given, on PATH, in the cache, downloaded, or built; the first that runs is taken.

``candidate`` asks a binary for its version, ``cache`` keeps one, ``release`` downloads one, ``build`` compiles one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.toxiproxy_binary import build, release
from lab.toxiproxy_binary.cache import cached_binary
from lab.toxiproxy_binary.candidate import PINNED, Limits, Unusable, check_pinned, version_of

__all__ = ["PINNED", "Found", "Limits", "NotFound", "at_hand", "find"]

Progress = Callable[[str], None]
_DEFAULT_LIMITS = Limits()


class NotFound(RuntimeError):
    """No usable Toxiproxy server. The text names every way that was tried, why it failed, and what to do."""


@dataclass(frozen=True)
class Found:
    """A server that has just told its version. ``how``: ``--toxiproxy``, ``PATH``, ``cache``, ``download`` or ``go install``."""

    path: Path
    version: str
    how: str


def find(explicit: Path | None, progress: Progress, limits: Limits = _DEFAULT_LIMITS) -> Found:
    """Returns a Toxiproxy server that runs on this machine; ``progress`` gets a line before whatever may take long.

    1. ``explicit`` (``--toxiproxy PATH``): this one or none, a person has chosen it;
    2. ``PATH``: ``toxiproxy-server``, then ``toxiproxy``;
    3. the cache, under ``XDG_CACHE_HOME``;
    4. the release on GitHub (or ``LAB_TOXIPROXY_URL``), checked against its SHA-256, into the cache;
    5. ``go install`` of the same version, into the cache.

    1 and 2 may have any version: it is what the person has, so it is said, and recorded in the report. 3 to 5 are the
    pinned one. Blocks, for up to the sum of ``limits``; call it before a run. Raises NotFound.
    """
    if explicit is not None:
        return _explicit(explicit, progress, limits)
    ways: dict[str, Callable[[Progress, Limits], Found]] = {
        "PATH": _on_path,
        "cache": _in_cache,
        "download": _downloaded,
        "go install": _built,
    }
    failures = []
    for name, way in ways.items():
        try:
            return way(progress, limits)
        except Unusable as why:
            failures.append(f"  {name}: {why}")
    raise NotFound(_not_found_text(failures))


def at_hand(limits: Limits = _DEFAULT_LIMITS) -> Found | None:
    """What :func:`find` would take without fetching or building anything."""
    for way in (_on_path, _in_cache):
        try:
            return way(lambda _line: None, limits)
        except Unusable:
            continue  # the next way; who needs one is told of all of them by find
    return None


def _not_found_text(failures: list[str]) -> str:
    hint = (
        f"hint: put toxiproxy-server {PINNED} on PATH or name it by --toxiproxy PATH; a mirror of its releases by"
        " LAB_TOXIPROXY_URL; HTTPS_PROXY and SSL_CERT_FILE are honoured"
    )
    return "\n".join([f"no Toxiproxy server {PINNED} found; tried:", *failures, hint])


def _explicit(path: Path, progress: Progress, limits: Limits) -> Found:
    try:
        return _accept_any(path.expanduser(), "--toxiproxy", progress, limits)
    except Unusable as why:
        raise NotFound(
            f"--toxiproxy: {why}\nhint: name a toxiproxy-server that runs here, or leave the option out to have one found"
        ) from why


def _on_path(progress: Progress, limits: Limits) -> Found:
    failures = []
    for name in ("toxiproxy-server", "toxiproxy"):
        path = shutil.which(name)
        try:
            if path is None:
                raise Unusable(f"no {name}")
            return _accept_any(Path(path), "PATH", progress, limits)
        except Unusable as why:
            failures.append(str(why))
    raise Unusable("; ".join(failures))


def _accept_any(path: Path, how: str, progress: Progress, limits: Limits) -> Found:
    path = path.absolute()  # the room has another working directory
    found = Found(path, version_of(path, limits), how)
    if found.version != PINNED:
        progress(f"Toxiproxy {found.version} from {how} ({path}), not {PINNED}, with which the lab was measured")
    return found


def _in_cache(_progress: Progress, limits: Limits) -> Found:
    path = cached_binary()
    if not path.exists():
        raise Unusable(f"no {path}")
    check_pinned(path, limits)
    return Found(path, PINNED, "cache")


def _downloaded(progress: Progress, limits: Limits) -> Found:
    return Found(release.download(progress, limits), PINNED, "download")


def _built(progress: Progress, limits: Limits) -> Found:
    return Found(build.install(progress, limits), PINNED, "go install")
