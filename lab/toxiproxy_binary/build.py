"""Builds the server with ``go install``: for machines that reach a Go module proxy, and not GitHub."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from lab.toxiproxy_binary.cache import keep, workshop
from lab.toxiproxy_binary.candidate import PINNED, Limits, Unusable, run

_MODULE = "github.com/Shopify/toxiproxy/v2"
_CROSS = ("GOOS", "GOARCH", "GOARM", "GOAMD64")  # go refuses GOBIN when it builds for another machine, and so do we


def install(progress: Callable[[str], None], limits: Limits) -> Path:
    """Compiles the pinned version and keeps it in the cache; 20 s on two cores, modules included [M]. Raises Unusable.

    Go checks the modules against its checksum database. The version is given to the linker, as the release does:
    without that the binary calls itself ``git``.
    """
    go = shutil.which("go")
    if go is None:
        raise Unusable("no go on PATH")
    with workshop() as directory:
        progress(f"building Toxiproxy {PINNED} with {go} install (about half a minute)")
        ldflags = f"-s -w -X {_MODULE}.Version={PINNED}"
        env = {name: value for name, value in os.environ.items() if name not in _CROSS}
        env |= {"GOBIN": str(directory), "CGO_ENABLED": "0"}
        run(
            [go, "install", "-ldflags", ldflags, f"{_MODULE}/cmd/server@v{PINNED}"],
            limits.build_s,
            env=env,
            cwd=directory,  # away from any go.mod of the user's
        )
        return keep(directory / "server", limits)
