"""Who restarts the target: each with its files, its command, and in words how it is set. All of them run alone, one at a time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.programs import ROOT, NotHere

VENV = ROOT / "benchmarks" / ".supervisors"
HOW = "make benchmarks/.supervisors/bin/gunicorn"
EVERY_MS, TIMEOUT_MS, MISSES = 100, 80, 2
HEALTH = {"every": f"{EVERY_MS}ms", "timeout": f"{TIMEOUT_MS}ms", "misses": MISSES}
TARGET = f"{sys.executable} -m target"


@dataclass(frozen=True)
class Supervisor:
    """``argv(folder, port)`` writes what it needs into ``folder``. ``environment``: over the target's settings.

    ``period_s``: of what it looks at from time to time; a fault comes at a random instant of that.
    ``acts_from``: the text in a file below ``folder`` from which on it acts; empty: from the target's first answer on.
    """

    name: str
    settings: str
    argv: Callable[[Path, int], Sequence[str]]
    environment: Mapping[str, str]
    period_s: float
    acts_from: str = ""


def environment(folder: Path, port: int) -> Mapping[str, str]:
    """Of every supervisor and its target: the same settings, the same kind of database."""
    settings = {"PORT": str(port), "HEALTH_PORT": str(port + 1), "DATABASE_URL": f"sqlite:///{folder / 'orders.db'}"}
    return {**os.environ, "PYTHONPATH": str(ROOT), **{f"TARGET_{name}": value for name, value in settings.items()}}


def _peer(program: str) -> str:
    path = VENV / "bin" / program
    if not path.exists():
        raise NotHere(HOW)
    return str(path)


def _supervisord(folder: Path, _port: int) -> Sequence[str]:
    config = folder / "supervisord.conf"
    config.write_text(
        f"[supervisord]\nnodaemon=true\nuser={os.environ.get('USER', 'root')}\n"
        f"logfile={folder}/supervisord.log\npidfile={folder}/supervisord.pid\n"
        f"[program:target]\ncommand={TARGET}\nautorestart=true\n"
    )
    return [_peer("supervisord"), "-c", str(config)]


def _circus(check_delay: float, *, sockets: bool) -> Callable[[Path, int], Sequence[str]]:
    def argv(folder: Path, port: int) -> Sequence[str]:
        config = folder / "circus.ini"
        command = f"env TARGET_LISTEN_FD=$(circus.sockets.web) {TARGET}" if sockets else TARGET
        web = f"[socket:web]\nhost = 127.0.0.1\nport = {port}\nbacklog = 1024\n" if sockets else ""
        config.write_text(
            f"[circus]\ncheck_delay = {check_delay:g}\nendpoint = ipc://{folder}/c\npubsub_endpoint = ipc://{folder}/p\n"
            f"[watcher:target]\ncmd = {command}\ncopy_env = True\nuse_sockets = {sockets}\n{web}"
        )
        return [_peer("circusd"), str(config)]

    return argv


def _gunicorn(*options: str) -> Callable[[Path, int], Sequence[str]]:
    def argv(_folder: Path, port: int) -> Sequence[str]:
        _peer("gunicorn")
        worker = ["--workers", "1", "--worker-class", "uvicorn_worker.UvicornWorker", "--backlog", "1024"]
        bind = ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
        return [sys.executable, "-m", "gunicorn", *worker, *bind, *options, "benchmarks.recovery.gunicorn_app:app"]

    return argv


def _lab(listener: str) -> Callable[[Path, int], Sequence[str]]:
    """A drill whose fault breaks nothing: what breaks the target is the benchmark, for all of them in the same way."""

    def argv(folder: Path, port: int) -> Sequence[str]:
        rules = [{"when": alarm, "do": "restart", "limit": "50/200s"} for alarm in ("died", "health")]
        stage = {
            "stage": "supervised",
            "lane": "direct",
            "load": {"executor": "constant-vus", "vus": 1, "request": {"order": 1}},
            "probe": {"rate": "100/s", "request": "order"},
            "fault": "noop",
            "lasts": "150s",
            "measures": {"auto-restart": {"respond": rules}},
            "within": {"detect": "2s", "recover": "4s"},
        }
        drill = {
            "drill": "supervised",
            "target": {"use": "coupon-order", "port": port, "listener": listener},
            "alarm": {"died": {}, "health": HEALTH},
            "stages": [stage],
        }
        file = folder / "supervised.yaml"
        file.write_text(json.dumps(drill))  # YAML is a superset
        return [f"{Path(sys.executable).parent}/lab", "drill", str(file), "--runtime", "open", "--out", str(folder / "runs")]

    return argv


def _site_packages() -> str:
    return str(VENV / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages")


_GUNICORN = {"PYTHONPATH": f"{ROOT}:{_site_packages()}"}
_INJECTED = '"kind":"inject","stage":"supervised","phase":"end"'
LAB_ALARM = f"died; health: {MISSES} misses of {TIMEOUT_MS} ms, every {EVERY_MS} ms"
REBIND, INHERITED = "lab, rebind", "lab, inherited"

ALL: Sequence[Supervisor] = (
    Supervisor(REBIND, LAB_ALARM, _lab("rebind"), {}, 0.05, _INJECTED),
    Supervisor(INHERITED, f"{LAB_ALARM}; listener: inherited", _lab("inherited"), {}, 0.05, _INJECTED),
    Supervisor("supervisord", "autorestart=true (it has no other setting for this)", _supervisord, {}, 1),
    Supervisor("circus", "defaults (check_delay 5)", _circus(5, sockets=False), {}, 5),
    Supervisor("circus, sockets", "check_delay 0.1, use_sockets", _circus(0.1, sockets=True), {}, 0.1),
    Supervisor("gunicorn", "--timeout 5, uvicorn worker", _gunicorn("--timeout", "5"), _GUNICORN, 2.5),
    Supervisor(
        "gunicorn, preload", "--timeout 1 --preload, uvicorn worker", _gunicorn("--timeout", "1", "--preload"), _GUNICORN, 1
    ),
)
