"""Finds k6: given, on PATH, or where ``go install`` puts it. It is never downloaded: k6 is AGPL, and a person's choice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

HINT = (
    "hint: install k6 (https://grafana.com/docs/k6/latest/set-up/install-k6/), or build it with Go in about two minutes:"
    " go install go.k6.io/k6@v1.5.0; it is looked for on PATH and in Go's bin folder"
)


class NotFound(RuntimeError):
    """No k6 on this machine. The text says where it was looked for and what to do."""


def find(explicit: Path | None = None) -> Path:
    """The absolute path of a k6. ``explicit``: this one or none, a person has chosen it. Raises NotFound."""
    places = [explicit.expanduser()] if explicit is not None else [*_on_path(), *(folder / "k6" for folder in _go_folders())]
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return place.absolute()
    raise NotFound(f"no k6 found; tried: {', '.join(map(str, places)) or 'PATH'}\n{HINT}")


def _on_path() -> list[Path]:
    found = shutil.which("k6")
    return [Path(found)] if found else []


def _go_folders() -> list[Path]:
    """Where Go installs to, without asking it: GOBIN, each GOPATH, and ``go`` in the home folder, its default."""
    gobin, gopath = os.environ.get("GOBIN"), os.environ.get("GOPATH")
    return [
        *([Path(gobin)] if gobin else []),
        *(Path(each) / "bin" for each in (gopath or "").split(os.pathsep) if each),
        Path.home() / "go" / "bin",
    ]
