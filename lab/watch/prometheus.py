"""A page of metrics in Prometheus's text format (Micrometer: Spring Boot's /actuator/prometheus), under the lab's own names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

Wanted = Callable[[Mapping[str, str]], bool]


def _any(_labels: Mapping[str, str]) -> bool:
    return True


def _area(area: str) -> Wanted:
    return lambda labels: labels.get("area") == area


def _old(labels: Mapping[str, str]) -> bool:
    """``G1 Old Gen``, ``PS Old Gen``, ``Tenured Gen``, ``ZGC Old Generation``."""
    return labels.get("area") == "heap" and any(word in labels.get("id", "") for word in ("Old Gen", "Tenured Gen"))


READINGS: Mapping[str, tuple[str, Wanted]] = {
    "jvm_heap_used_bytes": ("jvm_memory_used_bytes", _area("heap")),
    "jvm_old_used_bytes": ("jvm_memory_used_bytes", _old),
    "jvm_nonheap_used_bytes": ("jvm_memory_used_bytes", _area("nonheap")),
    "jvm_after_gc_share": ("jvm_memory_usage_after_gc", _area("heap")),
    "jvm_gc_count": ("jvm_gc_pause_seconds_count", _any),
    "jvm_gc_s": ("jvm_gc_pause_seconds_sum", _any),
    "threads": ("jvm_threads_live_threads", _any),
    "fds": ("process_files_open_files", _any),
}
"""Each reading is the sum over the samples of one name that have the labels: over pools, over causes of a collection."""


def parse(page: str) -> dict[str, float]:
    """The readings that the page has. One that is not there is left out, and so is one with a NaN in its sum (a pool gone).

    Unlike jstat's, ``jvm_nonheap_used_bytes`` has the code cache in it; ``jvm_after_gc_share`` is what the long-lived pools
    keep after a collection, of their maximum. Micrometer makes the pause counters with the first collection.

    Raises ValueError when it is not a page of metrics, or has none: an error page, JSON, an empty answer.
    """
    samples = [sample for family in _families(page) for sample in family]
    if not samples:
        raise ValueError(f"not a page of Prometheus metrics: no sample in {page[:100]!r}")
    sums = {reading: _sum(samples, name, wanted) for reading, (name, wanted) in READINGS.items()}
    return {reading: value for reading, value in sums.items() if value is not None and math.isfinite(value)}


def _families(page: str) -> list[list[Sample]]:
    try:
        return [family.samples for family in text_string_to_metric_families(page)]
    except ValueError as error:
        raise ValueError(f"not a page of Prometheus metrics: {error} in {page[:100]!r}") from error


def _sum(samples: Iterable[Sample], name: str, wanted: Wanted) -> float | None:
    values = [sample.value for sample in samples if sample.name == name and wanted(sample.labels)]
    return sum(values) if values else None
