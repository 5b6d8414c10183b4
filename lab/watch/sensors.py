"""Readings of the machine itself: was somebody else using it while we measured?"""

from __future__ import annotations

import time
from pathlib import Path

_STEAL = 8  # column of /proc/stat's cpu line, in clock ticks


def read(proc: Path = Path("/proc")) -> dict[str, float]:
    """CPU pressure (``some`` total, µs), steal (clock ticks), and how long the machine has been suspended (s).

    Pressure is left out where the kernel does not keep it (CONFIG_PSI).
    """
    readings = {
        "cpu_steal_ticks": float((proc / "stat").read_text().splitlines()[0].split()[_STEAL]),
        "suspended_s": (time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()) / 1e9,
    }
    try:
        some = (proc / "pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return readings
    return {**readings, "cpu_pressure_us": float(some.rpartition("total=")[2])}
