"""Alarm rules in words."""

from __future__ import annotations

from collections.abc import Iterator

from lab.drill.model import Alarms
from lab.drill.units import Amount, format_amount, format_duration, format_percentile, format_share


def described(alarms: Alarms | None) -> Iterator[str]:
    """One sentence for each rule of a stage."""
    for name, condition in conditions(alarms):
        rule = getattr(alarms, name)
        yield f"Alarm {name}: {condition}{_held(getattr(rule, 'for_', 0.0))}."


def conditions(alarms: Alarms | None) -> Iterator[tuple[str, str]]:
    """By the rule's name, what raises it; without ``for``."""
    if alarms is None:
        return
    if errors := alarms.errors:
        yield "errors", f"more than {format_share(errors.above)} of the probe bad over {format_duration(errors.over)}"
    if alarms.died:
        yield "died", "the target's process ended"
    if queue := alarms.queue:
        yield "queue", f"more than {format_share(queue.above)} of the accept queue in use"
    if connections := alarms.connections:
        yield "connections", f"more than {_amount(connections.above)}"
    if latency := alarms.latency:
        of, over = format_percentile(latency.of), format_duration(latency.over)
        yield "latency", f"{of} of the probe above {format_duration(latency.above)} over {over}"
    if overflows := alarms.overflows:
        yield "overflows", f"more than {overflows.above} connections dropped over {format_duration(overflows.over)}"
    if health := alarms.health:
        within, often = format_duration(health.timeout), format_duration(health.every)
        yield "health", f"{health.misses} health checks in a row, one every {often}, without a good answer in {within}"


def _amount(above: Amount) -> str:
    return f"{format_amount(above)} of max_connections open" if above.of_limit else f"{format_amount(above)} connections open"


def _held(for_s: float) -> str:
    return f", for {format_duration(for_s)} without a break" if for_s else ""
