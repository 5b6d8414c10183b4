"""What the machine itself did meanwhile, from the first to the last reading of a stage; its counters only grow."""

from __future__ import annotations

from lab.history.model.events import SensorEvent
from lab.judge.timeline import Timeline


def stolen_ticks(timeline: Timeline) -> float | None:
    """By the hypervisor. None: it was not read, or once only."""
    return _rise(timeline, "cpu_steal_ticks")


def cpu_pressure(timeline: Timeline) -> float | None:
    """The share of the time in which somebody waited for a CPU. None: it was not read, or once only."""
    waited_us, events = _rise(timeline, "cpu_pressure_us"), list(timeline.of(SensorEvent))
    if waited_us is None or events[-1].t_ns <= events[0].t_ns:
        return None
    return waited_us * 1000 / (events[-1].t_ns - events[0].t_ns)


def _rise(timeline: Timeline, name: str) -> float | None:
    events = list(timeline.of(SensorEvent))
    if len(events) < 2 or name not in events[0].readings or name not in events[-1].readings:
        return None
    return max(0.0, events[-1].readings[name] - events[0].readings[name])
