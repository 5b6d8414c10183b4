"""Inside a room: does what faults will do, tries what nothing may do, and reports each as a fact, read back.

Its argument is what stands outside as bait (``Bait`` as JSON); its output is a line of JSON for each fact.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from lab.runtimes import listener
from lab.runtimes.sandbox.network import loopback_is_up

SYSCTL = Path("/proc/sys/net/ipv4/tcp_abort_on_overflow")
_BACKLOG = 16


@dataclass(frozen=True)
class Bait:
    """``sockets``: Unix sockets that listen outside; ``port``: one on the outside's loopback; ``file``: one to change;
    ``secret``: the value of a variable of the caller's; ``run_dir``: where writing is allowed."""

    run_dir: str
    file: str
    sockets: tuple[str, ...]
    port: int
    secret: str


@dataclass(frozen=True)
class Fact:
    """``ok``: as it should be in a room. ``detail``: what was read back, or what went wrong."""

    name: str
    ok: bool
    detail: str


class NotSo(Exception):
    """A check came out wrong; the text says what was read."""


def pid_1() -> str:
    pids = sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    _demand(os.getpid() == 1 and pids == [1], f"pid {os.getpid()}, sees {len(pids)} processes")
    return "its own processes only"


def loopback() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=1):
        _demand(loopback_is_up(), "lo is down")
    return "lo up, a connection made"


def sysctl() -> str:
    before = SYSCTL.read_text().strip()
    SYSCTL.write_text("1")
    after = SYSCTL.read_text().strip()
    _demand(after == "1", f"tcp_abort_on_overflow reads {after!r} after 1 was written")
    return f"tcp_abort_on_overflow {before}→{after} in here"


def running_listener() -> str:
    """Resizes the accept queue of another process by pidfd_getfd, as the fault ``backlog`` does."""
    with socket.create_server(("127.0.0.1", 0), backlog=4) as server:
        port, child = server.getsockname()[1], os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
    try:
        if (found := listener.duplicate(child, port)) is None:
            raise NotSo("pidfd_getfd finds no listener in a child")
        with found:
            found.listen(_BACKLOG)
            limit = listener.accept_queue(found)[1]
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    _demand(limit == _BACKLOG, f"backlog reads {limit} after {_BACKLOG} was set")
    return f"backlog of a child's listener 4→{limit}"


def run_directory(bait: Bait) -> str:
    written = Path(bait.run_dir, "written-inside")
    written.write_text(bait.secret)
    return f"{written.name} written"


def outside_files(bait: Bait) -> str:
    outside = Path(bait.file)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: outside.open("a").close(),
        lambda: outside.with_suffix(".new").touch(),
        outside.unlink,
    )
    _demand(all(_refused(attempt) for attempt in attempts), f"{outside} could be changed")
    return "read-only"


def outside_sockets(bait: Bait) -> str:
    reached = [path for path in bait.sockets if not _refused(partial(_connect, socket.AF_UNIX, path))]
    if not _refused(partial(_connect, socket.AF_INET, ("127.0.0.1", bait.port))):
        reached.append(f"127.0.0.1:{bait.port}")
    _demand(not reached, f"connected to {', '.join(reached)}")
    return "none reached"


def environment(bait: Bait) -> str:
    names = [name for name, value in os.environ.items() if value == bait.secret]
    _demand(not names, f"{', '.join(names)} came in from outside")
    return "by allow-list"


def nft() -> str:
    """Informational: no drill of the lab's own needs it."""
    program = shutil.which("nft") or next((path for path in ("/usr/sbin/nft", "/sbin/nft") if os.path.exists(path)), None)
    if program is None:
        return "not installed (only firewall faults would want it)"
    subprocess.run([program, "add", "table", "inet", "lab_canary"], check=True, capture_output=True)
    tables = subprocess.run([program, "list", "tables"], check=True, capture_output=True, text=True).stdout
    _demand("lab_canary" in tables, f"tables read {tables!r} after one was added")
    return "a table added"


def checks(bait: Bait) -> dict[str, Callable[[], str]]:
    """By name. ``processes`` comes first: later ones start children."""
    return {
        "processes": pid_1,
        "loopback": loopback,
        "sysctl": sysctl,
        "run directory": partial(run_directory, bait),
        "outside files": partial(outside_files, bait),
        "outside sockets": partial(outside_sockets, bait),
        "environment": partial(environment, bait),
        "running listener": running_listener,
        "nft": nft,
    }


def fact(name: str, check: Callable[[], str]) -> Fact:
    """Whatever comes of one check; none stops another."""
    try:
        return Fact(name, True, check())
    except (OSError, NotSo, subprocess.CalledProcessError) as error:
        return Fact(name, False, str(error))


def _demand(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotSo(otherwise)


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False


def _connect(family: int, address: object) -> None:
    with socket.socket(family) as client:
        client.settimeout(1)
        client.connect(address)  # type: ignore[arg-type]  # a path or a pair, as the family wants it


if __name__ == "__main__":
    for checked, check in checks(Bait(**json.loads(sys.argv[1]))).items():
        print(json.dumps(asdict(fact(checked, check))), flush=True)
