"""Where it all happens: nginx on one core, the clients on another, and the one request that everybody sends."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import programs
from benchmarks.programs import Failed, find, said

BODY = '{"item":1,"key":"0000000000000000000000000000000000000000"}'
"""59 bytes, as in the notes on load clients."""
PATH = "/orders"
READY_WITHIN_S = 5.0
_CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = {path} {{ default_type application/json; return 200 '{{"ok":true}}'; }}
        location = /served {{ stub_status; }}
    }}
}}
"""


@dataclass(frozen=True)
class Place:
    """The server's ``port`` on loopback, the core that clients run on, a ``folder`` for their files."""

    port: int
    core: int
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    def served(self) -> int:
        """Requests that nginx has counted so far, this question among them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/served", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return int(lines[2].split()[2])

    def served_since(self, before: int) -> int:
        """Since :meth:`served` said ``before``, this question left out."""
        return self.served() - before - 1


def cores() -> tuple[int, int]:
    """(server's, client's). Raises Failed on a machine that has one only."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        raise Failed("one core only: a client that shares it with its server measures neither")
    return mine[0], mine[1]


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """nginx up and answering; ended when left."""
    server_core, client_core = cores()
    port = _free_port()
    config = folder / "nginx.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, path=PATH))
    nginx = find("nginx", "apt install nginx-light")
    process = subprocess.Popen(
        programs.on_core([nginx, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")], server_core),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        here = Place(port, client_core, folder)
        _await_answer(here, process)
        yield here
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_answer(here: Place, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            here.served()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline_s:
                log = here.folder / "error.log"
                raise Failed(f"nginx does not answer: {log.read_text() if log.exists() else error}") from error
            time.sleep(0.02)


def machine() -> Mapping[str, str]:
    """What a reader needs to know of it, and nothing that names it."""
    cpu = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return {
        "CPU": f"{os.cpu_count()} × {cpu[0] if cpu else platform.machine()}",
        "kernel": platform.release().partition("-")[0],
        "Python": platform.python_version(),
        "load average at the start": f"{os.getloadavg()[0]:.2f}",
    }


def nginx_version() -> str:
    return said([find("nginx", ""), "-v"]).rpartition("/")[2]


def others_share(since: Mapping[str, float], now: Mapping[str, float]) -> float:
    """Of the machine's CPU time, what went to niced programs: nothing of the benchmark's is niced."""
    total = sum(now.values()) - sum(since.values())
    return (now["nice"] - since["nice"]) / total if total else 0.0


def cpu_times() -> Mapping[str, float]:
    """Of all cores together, in ticks, by kind (proc(5))."""
    values = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    return dict(zip(names, map(float, values), strict=True))
