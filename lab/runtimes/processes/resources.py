"""What a target's process holds, and its JVM: /proc each second, jstat or its page of metrics every five or when it has been
told to collect its heap."""

from __future__ import annotations

import time
from collections.abc import Mapping

from lab.runtimes.processes.pages import get_text
from lab.watch import jvm, prometheus, resources

OLD, HEAP, LIVE = "jvm_old_used_bytes", "jvm_heap_used_bytes", "jvm_live_bytes"
JVM_EVERY_S = 5.0
"""jstat takes 0.15 s of CPU [M]."""


class TargetResources:
    """One process after the other. ``metrics_url``: a page in Prometheus's format, in place of jstat. ``collect_s``: so often
    a JVM is told to collect its heap, and ``jvm_live_bytes`` is what is left of it.
    """

    def __init__(self, metrics_url: str | None, collect_s: float | None = None) -> None:
        self._metrics_url = metrics_url
        self._collect_s = collect_s
        self._is_jvm: dict[int, bool] = {}
        self._asked_s = 0.0
        self._collected_s = 0.0

    def read(self, pid: int) -> Mapping[str, float]:
        """Blocks, for up to 0.3 s, 0.2 s more and the pause where it collects: call it in a thread. Empty when the process
        has gone.
        """
        found = resources.read(pid)
        found |= {"pid": float(pid)} if found else {}
        collected = bool(found) and self._collect(pid)
        if not found or not (collected or time.monotonic() - self._asked_s >= JVM_EVERY_S):
            return found
        self._asked_s = time.monotonic()
        inside = self._inside(pid)
        left = inside.get(OLD, inside.get(HEAP)) if collected else None
        return {**inside, **({} if left is None else {LIVE: left}), **found}

    def _collect(self, pid: int) -> bool:
        if self._collect_s is None or time.monotonic() - self._collected_s < self._collect_s:
            return False
        self._collected_s = time.monotonic()
        return jvm.collect(pid)

    def _inside(self, pid: int) -> Mapping[str, float]:
        try:
            if self._metrics_url is not None:
                return prometheus.parse(get_text(self._metrics_url, timeout_s=2.0, most_bytes=1 << 20))
            if self._is_jvm.setdefault(pid, jvm.available(pid)):
                return jvm.read(pid)
        except (OSError, ValueError):
            pass  # a target under load may not answer in time; its next page will do
        return {}
