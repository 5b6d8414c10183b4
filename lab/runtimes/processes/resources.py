"""What a target's process holds, and its JVM: /proc each second, jstat or its page of metrics every five."""

from __future__ import annotations

import time
from collections.abc import Mapping

from lab.runtimes.processes.pages import get_text
from lab.watch import jvm, prometheus, resources

JVM_EVERY_S = 5.0
"""jstat takes 0.15 s of CPU [M]."""


class TargetResources:
    """One process after the other. ``metrics_url``: a page in Prometheus's format, in place of jstat."""

    def __init__(self, metrics_url: str | None) -> None:
        self._metrics_url = metrics_url
        self._is_jvm: dict[int, bool] = {}
        self._asked_s = 0.0

    def read(self, pid: int) -> Mapping[str, float]:
        """Blocks, for up to 0.3 s: call it in a thread. Empty when the process has gone."""
        found = resources.read(pid)
        found |= {"pid": float(pid)} if found else {}
        if not found or time.monotonic() - self._asked_s < JVM_EVERY_S:
            return found
        self._asked_s = time.monotonic()
        return {**self._inside(pid), **found}

    def _inside(self, pid: int) -> Mapping[str, float]:
        try:
            if self._metrics_url is not None:
                return prometheus.parse(get_text(self._metrics_url, timeout_s=2.0, most_bytes=1 << 20))
            if self._is_jvm.setdefault(pid, jvm.available(pid)):
                return jvm.read(pid)
        except (OSError, ValueError):
            pass  # a target under load may not answer in time; its next page will do
        return {}
