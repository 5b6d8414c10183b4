"""A JVM's memory and collections, as ``jstat -gc`` tells them: one shot takes 0.2 s, 0.15 s of it CPU, so every 5 s is enough."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

_KIB = 1024
_SPACES = ("S0U", "S1U", "EU", "OU")
_COUNTS = ("YGC", "FGC", "CGC")


def available(pid: int, proc: Path = Path("/proc")) -> bool:
    """Is jstat on PATH, and is the process a JVM, i.e. has it libjvm mapped? Cheap: no JVM is started to answer."""
    if shutil.which("jstat") is None:
        return False
    try:
        return "/libjvm.so" in (proc / str(pid) / "maps").read_text(errors="replace")
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False


def read(pid: int, within_s: float = 5.0) -> dict[str, float]:
    """As ``parse``; nothing when the process has gone or does not answer. Blocks for 0.2 s: call it in a thread."""
    command = ["jstat", "-gc", str(pid)]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=within_s, env={**os.environ, "LC_ALL": "C"})
    except subprocess.TimeoutExpired:
        return {}
    return parse(asked.stdout) if asked.returncode == 0 else {}


def collect(pid: int, within_s: float = 5.0, proc: Path = Path("/proc")) -> bool:
    """Tells a JVM to collect its whole heap, which stops its threads meanwhile (some 50 ms for 100 MB with the serial
    collector [M]); True when it has. Blocks for that and for 0.2 s of jcmd's own: call it in a thread.
    """
    if not (available(pid, proc) and _listens(pid, proc)):
        return False
    try:
        asked = subprocess.run(["jcmd", str(pid), "GC.run"], capture_output=True, timeout=within_s)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def _listens(pid: int, proc: Path) -> bool:
    """jcmd knocks with SIGQUIT, of which dies whatever does not catch it: a JVM too in its first 30 ms [M], or with -Xrs."""
    try:
        lines = (proc / str(pid) / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return False
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (signal.SIGQUIT - 1) & 1)


def parse(page: str) -> dict[str, float]:
    """``jvm_heap_used_bytes``, ``jvm_old_used_bytes``, ``jvm_nonheap_used_bytes``, ``jvm_gc_count`` and ``jvm_gc_s``.

    Nothing but a collection moves objects to the old generation or out of it (G1's huge ones apart): it rises, with garbage
    too, until it is collected itself, which a young collection does not (``lab.judge.heap``). A collector without generations
    (ZGC) calls the whole heap old. Non-heap is the metaspace, in which MU includes CCSU; the code cache jstat does not tell.
    Columns differ between JDKs and collectors: CGC is new in 11, ``-`` is what a collector has not.

    Raises ValueError when it is not a page of jstat -gc.
    """
    lines = [line.split() for line in page.splitlines() if line.strip()]
    if len(lines) != 2 or len(lines[0]) != len(lines[1]):
        raise ValueError(f"not a page of jstat -gc (a line of names, a line of values): {page[:200]!r}")
    found = {name: _number(value) for name, value in zip(*lines, strict=True)}
    if missing := {*_SPACES, "MU", "GCT"} - found.keys():
        raise ValueError(f"not a page of jstat -gc: {', '.join(sorted(missing))} not in {page[:200]!r}")
    return {
        "jvm_heap_used_bytes": _sum(found, _SPACES) * _KIB,
        "jvm_old_used_bytes": found["OU"] * _KIB,
        "jvm_nonheap_used_bytes": found["MU"] * _KIB,
        "jvm_gc_count": _sum(found, _COUNTS),
        "jvm_gc_s": found["GCT"],
    }


def _number(value: str) -> float:
    return 0.0 if value == "-" else float(value.replace(",", "."))  # the JVM may have a locale of its own


def _sum(found: Mapping[str, float], names: tuple[str, ...]) -> float:
    return sum(found.get(name, 0.0) for name in names)
