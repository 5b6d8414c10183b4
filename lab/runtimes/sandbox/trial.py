"""Outside: builds a room for nothing but its canary, lays the bait out, and reads back what became of it.

Nothing is inferred from an exit code: what the canary did not report has not happened.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.process import Process
from lab.runtimes.sandbox.canary import SYSCTL, Bait, Fact, checks
from lab.runtimes.sandbox.launch import command, environment

_SECRET = "LAB_CANARY_SECRET"


@dataclass(frozen=True)
class Trial:
    """``facts``: empty when there was no room at all; then ``complaint`` is the last line of what was said on stderr."""

    facts: tuple[Fact, ...]
    complaint: str
    seconds: float

    @property
    def failed(self) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if not fact.ok)


def try_out(*, as_root: bool, environ: Mapping[str, str] = os.environ, timeout_s: float = 10.0) -> Trial:
    """Start a room with the canary in it, from the main thread; 0.15 s. Raises FileNotFoundError without ``setpriv``."""
    started_s = time.monotonic()
    with _bait() as bait:
        before = SYSCTL.read_text()
        facts, complaint = _run(bait, as_root, {**environ, _SECRET: bait.secret}, timeout_s)
        if facts:
            facts += [*_silent(bait, facts), *_read_back(bait, before)]
    return Trial(tuple(facts), complaint, time.monotonic() - started_s)


def _run(bait: Bait, as_root: bool, environ: Mapping[str, str], timeout_s: float) -> tuple[list[Fact], str]:
    run_dir = Path(bait.run_dir)
    canary = [sys.executable, "-P", "-m", "lab.runtimes.sandbox.canary", json.dumps(asdict(bait))]
    room = Process.spawn(
        command(run_dir, canary, as_root=as_root),
        env=environment(environ),
        stdout=run_dir / "stdout",
        stderr=run_dir / "stderr",
    )
    try:
        room.wait_blocking(timeout_s)
    except TimeoutError as error:
        return [], f"the room did not answer: {error}"
    finally:
        if room.signal(signal.SIGKILL):
            room.wait_blocking(timeout_s)
    said = (run_dir / "stderr").read_text(errors="replace").strip().splitlines()
    lines = (run_dir / "stdout").read_text().splitlines()
    return [Fact(**json.loads(line)) for line in lines], said[-1] if said else "nothing was said"


def _silent(bait: Bait, facts: Sequence[Fact]) -> list[Fact]:
    """Checks that the canary did not come to, because it died."""
    said = {fact.name for fact in facts}
    return [Fact(name, False, "the canary did not report it") for name in checks(bait) if name not in said]


def _read_back(bait: Bait, sysctl_before: str) -> list[Fact]:
    """The other half of three of the canary's facts, seen from here."""
    intact = Path(bait.file).exists() and Path(bait.file).read_text() == bait.secret
    written = Path(bait.run_dir, "written-inside")
    same = SYSCTL.read_text() == sysctl_before
    return [
        Fact("machine's files", intact, "unchanged" if intact else f"{bait.file} was changed from inside"),
        Fact("machine's sysctl", same, "unchanged" if same else f"{SYSCTL.name} was changed from inside"),
        Fact("written inside", written.exists(), "readable here" if written.exists() else f"{written.name} is not here"),
    ]


@contextmanager
def _bait() -> Iterator[Bait]:
    """Sockets in /tmp and beside a file in a directory that stays visible inside, a port, a variable."""
    with ExitStack() as stack:
        seen = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-canary-", dir=_visible_place())))
        unseen = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-canary-", dir="/tmp")))
        sockets = (str(seen / "outside.socket"), str(unseen / "outside.socket"))
        for path in sockets:
            stack.enter_context(_listening_at(path))
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        secret = secrets.token_hex(8)
        (seen / "run").mkdir()
        (seen / "outside").write_text(secret)
        yield Bait(str(seen / "run"), str(seen / "outside"), sockets, server.getsockname()[1], secret)


def _visible_place() -> str | None:
    """A directory that the room does not cover with one of its own; None: the usual one, and the file is covered, too."""
    return next((place for place in ("/var/tmp", os.path.expanduser("~"), os.getcwd()) if os.access(place, os.W_OK)), None)


def _listening_at(path: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    return server
