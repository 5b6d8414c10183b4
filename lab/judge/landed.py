"""Did the fault land? Its own counter says that it bit, the probe that somebody felt it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lab.judge.timeline import Timeline
from lab.nanoseconds import NS_PER_S

FASTER = 10
"""A counter that also moves without the fault must move ten times as fast with it (RSTs of a whole machine do)."""


class Landed(StrEnum):
    UNREAD = "not known"
    """No counter was read after the injection: the run broke off."""
    YES = "yes"
    IN_PART = "in part"
    """The counter moved, and no request shows it."""
    NO = "no"


UNLANDED: Mapping[Landed, str] = {
    Landed.NO: "the fault has not landed: none of its counters moved as they must",
    Landed.IN_PART: "the fault landed in part: its counter moved, but no outage was visible",
}
"""Why a stage is unknown then."""


@dataclass(frozen=True)
class Evidence:
    """Counter by counter: how far it moved from the baseline's end to its last reading, and during the baseline."""

    moved: Mapping[str, int]
    moved_before: Mapping[str, int]
    bit: bool
    """At least one counter proves the fault."""
    read: bool = True
    """The counters were read after the injection, or would have been, had one of them moved."""


def _bites(moved: int, over_s: float, before: int, before_s: float) -> bool:
    if moved <= 0:
        return False
    return before <= 0 or moved / max(over_s, 1e-9) >= FASTER * before / max(before_s, 1e-9)


def evidence_of(timeline: Timeline) -> Evidence:
    """From the counters read around the baseline and while the fault stood. A counter set back by a restart did not move."""
    began, ended = timeline.counters()
    begin_ns, end_ns, inject_ns = timeline.baseline_begin_ns or 0, timeline.baseline_end_ns or 0, timeline.inject_begin_ns or 0
    readings = timeline.readings()
    moved, bit = dict.fromkeys(ended, 0), False
    before = {name: max(0, ended[name] - began.get(name, 0)) for name in ended}
    for reading in readings:
        over_s, before_s = (reading.t_ns - inject_ns) / NS_PER_S, (end_ns - begin_ns) / NS_PER_S
        for name, value in reading.counters.items():
            rise = max(0, value - ended.get(name, 0))
            moved[name] = max(moved.get(name, 0), rise)
            bit = bit or _bites(rise, over_s, before.get(name, 0), before_s)
    return Evidence(moved, before, bit, read=bool(readings) or timeline.heal_end_ns is not None)


def landed(evidence: Evidence, visible: bool) -> Landed:
    """Both are needed: 90 overflows were once counted while not one request suffered."""
    if not evidence.read:
        return Landed.UNREAD
    if not evidence.bit:
        return Landed.NO
    return Landed.YES if visible else Landed.IN_PART
