"""Deciding, purely: does this standing alarm act now, wait, or has the responder had enough?

One alarm, one action: it acts again only when it is about something newer than the last action, that one failed, or it still
stands 5 s after that action was done. Back-off: the first action at once, then after 1, 2, 4 s … since the last was done.
The back-off is for whatever was done; ``limit`` counts actions of the rule's own kind, so that a second rule for the same alarm
may follow the first. Beyond it the responder gives up: a service that dies as often as it is started needs a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.drill.model import Respond
from lab.drill.respond_rules import SCALES
from lab.nanoseconds import NS_PER_S
from lab.watch.alarms import Standing

STILL_STANDS_NS = 5 * NS_PER_S
BACKOFF_NS = (0, NS_PER_S, 2 * NS_PER_S, 4 * NS_PER_S)


@dataclass(frozen=True)
class Acted:
    """An action of the past; ``end_ns`` None: under way. Not ``ok``: it failed, and so it cannot help any more."""

    action: str
    begin_ns: int
    end_ns: int | None
    ok: bool = True


@dataclass(frozen=True)
class Act:
    """Do it now."""

    action: str
    alarm: str


@dataclass(frozen=True)
class Wait:
    """Not now; ask again."""

    why: str


@dataclass(frozen=True)
class GiveUp:
    """Never again for this alarm: its limit is reached."""

    alarm: str
    why: str


Decision = Act | Wait | GiveUp


def decide(rule: Respond, alarm: Standing, past: Sequence[Acted], now_ns: int, workers: int = 1) -> Decision:
    """What ``rule`` makes of ``alarm`` at ``now_ns``, given every action of this stage so far, oldest first.

    ``workers``: processes that serve now. Scaling waits its own ``cool_down`` after whatever was done, and not otherwise: an
    overload that one more worker has not ended is not news.
    """
    if rule.do == "nobody":
        return Wait("people act")
    if any(acted.end_ns is None for acted in past):
        return Wait("an action is under way")
    recent = [acted for acted in past if acted.begin_ns > now_ns - round(rule.limit.per_s * NS_PER_S)]
    same = [acted for acted in recent if acted.action == rule.action]
    done_ns = past[-1].end_ns if past else None
    if rule.do in SCALES:
        return _scale(rule, alarm, len(same), None if done_ns is None else now_ns - done_ns, workers)
    if done_ns is not None and past[-1].ok and alarm.evidence_from_ns < done_ns and now_ns < done_ns + STILL_STANDS_NS:
        return Wait("the last action may still help")
    if len(same) >= rule.limit.times:
        return GiveUp(alarm.alarm, f"{len(same)} × {rule.action} in {rule.limit.per_s:g} s did not help: a person is needed")
    if done_ns is not None and now_ns < done_ns + BACKOFF_NS[min(len(recent), len(BACKOFF_NS) - 1)]:
        return Wait("backing off")
    return Act(rule.action, alarm.alarm)


def _scale(rule: Respond, alarm: Standing, times: int, since_ns: int | None, workers: int) -> Decision:
    """``since_ns``: since the last action was done."""
    if rule.do == "scale-in" and workers <= 1:
        return Wait("one worker is the least")
    if since_ns is not None and since_ns < round(rule.cool_down * NS_PER_S):
        return Wait("cooling down")
    if rule.do == "scale-out" and workers >= rule.max:
        return GiveUp(alarm.alarm, f"{workers} workers are the most, and the alarm still stands: a person is needed")
    if times >= rule.limit.times:
        return GiveUp(alarm.alarm, f"{times} × {rule.do} in {rule.limit.per_s:g} s did not help: a person is needed")
    return Act(rule.do, alarm.alarm)
