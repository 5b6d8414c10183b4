"""From outages per class to episodes: what belongs together, and what caused it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lab.judge.known import ALL
from lab.judge.track import Outage, Recovery, Track

Cause = Literal["fault", "action"]


@dataclass(frozen=True)
class Member:
    """An outage of one class; ``follows``: the class had no requests of its own then, so its recovery is that of *all*."""

    name: str
    outage: Outage
    follows: bool = False


@dataclass(frozen=True)
class Episode:
    """Outages of classes that overlap, in the order in which they became visible. It recovers with its last member."""

    members: tuple[Member, ...]
    caused_by: Cause
    relapse: bool = False
    """The fault's episode before it had recovered."""

    @property
    def onset_ns(self) -> int:
        return min(member.outage.onset_ns for member in self.members)

    @property
    def visible_ns(self) -> int:
        return self.members[0].outage.visible_ns

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(member.name for member in self.members))

    @property
    def flaps(self) -> int:
        """How many times a class had recovered, and was lost again before the others had."""
        return len(self.members) - len(self.classes)

    @property
    def last(self) -> Member | None:
        """The member that recovered last; None while one has not (censored)."""
        ends = [(member.outage.recovery.good_ns, i) for i, member in enumerate(self.members) if member.outage.recovery]
        return self.members[max(ends)[1]] if len(ends) == len(self.members) else None

    @property
    def cleared_ns(self) -> float:
        """When all of its recoveries were certain; infinite while one is open. What becomes visible later is a new episode."""
        return max(_cleared_ns(member) for member in self.members)


def _cleared_ns(member: Member) -> float:
    return member.outage.recovery.settled_ns if member.outage.recovery else math.inf


def members(tracks: Mapping[str, Track], spacing_ns: int) -> list[Member]:
    """Every outage, with the recoveries of silent classes taken from *all*."""
    own = [Member(name, outage) for name, track in tracks.items() for outage in track.outages]
    whole = [m.outage.recovery for m in own if m.name == ALL and m.outage.recovery]
    return sorted((_following(m, tracks[m.name], whole, spacing_ns) for m in own), key=lambda m: (m.outage.visible_ns, m.name))


def _following(member: Member, track: Track, whole: Sequence[Recovery], spacing_ns: int) -> Member:
    """Where a class has no requests of its own, *all* speaks for it: while its connections are all being reopened.

    Either it never had enough again to confirm anything, or it was silent until after *all* had turned good: then
    its first good request says when it was next asked, not when it could have been answered.
    """
    if member.name == ALL:
        return member
    own = member.outage.recovery
    for other in whole:
        begun = member.outage.visible_ns <= other.settled_ns and member.outage.onset_ns < other.good_ns
        if not begun:
            continue
        if (own is None or own.confirmed_ns > other.confirmed_ns) and track.silent(other.good_ns, other.confirmed_ns):
            return replace(member, outage=replace(member.outage, recovery=other), follows=True)
        wide = own is not None and own.good_ns - own.last_bad_ns > 2 * spacing_ns  # it missed its turn at least once
        if own is not None and wide and own.good_ns > other.good_ns and track.silent(other.good_ns, own.good_ns - 1):
            edge = replace(own, last_bad_ns=other.last_bad_ns, good_ns=other.good_ns)
            return replace(member, outage=replace(member.outage, recovery=edge), follows=True)
    return member


def episodes(tracks: Mapping[str, Track], acted_ns: int | None, spacing_ns: int) -> tuple[Episode, ...]:
    """The episodes of a stage. ``acted_ns``: begin of its first action; ``spacing_ns``: between two requests of a class.

    An outage is the action's when it begins and is seen after the action, and its class had none before; that of *all*
    when it overlaps no outage of the fault. Where nothing was visible before the action (a death acts at once), fault
    and action cannot be told apart: then everything is the fault's.
    """
    found = members(tracks, spacing_ns)
    action = [m for m in found if m.name != ALL and _by_action(m, found, acted_ns)]
    fault = [m for m in found if m not in action]
    if action:
        alone = [m for m in fault if m.name == ALL and _after(m, acted_ns) and not _overlaps(m, [o for o in fault if o is not m])]
        action, fault = [*action, *alone], [m for m in fault if m not in alone]
    grouped = [Episode(group, "fault", relapse=i > 0) for i, group in enumerate(_grouped(fault))]
    grouped += [Episode(group, "action") for group in _grouped(action)]
    return tuple(sorted(grouped, key=lambda episode: episode.visible_ns))


def _after(member: Member, acted_ns: int | None) -> bool:
    return acted_ns is not None and min(member.outage.onset_ns, member.outage.visible_ns) >= acted_ns


def _by_action(member: Member, found: Sequence[Member], acted_ns: int | None) -> bool:
    """Something was visible before the action, but nothing of this class."""
    if acted_ns is None or all(other.outage.visible_ns >= acted_ns for other in found):
        return False
    return all(_after(other, acted_ns) for other in found if other.name == member.name)


def _overlaps(member: Member, others: Sequence[Member]) -> bool:
    return any(
        other.outage.visible_ns <= _cleared_ns(member) and member.outage.visible_ns <= _cleared_ns(other) for other in others
    )


def _grouped(found: Sequence[Member]) -> list[tuple[Member, ...]]:
    groups: list[list[Member]] = []
    cleared_ns = -math.inf
    for member in sorted(found, key=lambda m: (m.outage.visible_ns, m.name)):
        if member.outage.visible_ns > cleared_ns:
            groups.append([])
        groups[-1].append(member)
        cleared_ns = max(cleared_ns, _cleared_ns(member))
    return [tuple(group) for group in groups]
