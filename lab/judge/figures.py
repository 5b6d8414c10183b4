"""The figures of one episode, from its outages, the stage's rows and the stage's events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lab.judge.known import ALL, CLASSES, Seen
from lab.judge.outages import Episode, Member
from lab.judge.runs import Runs, runs
from lab.judge.spans import Marks, repair_marks, spans
from lab.judge.timeline import Timeline
from lab.judge.times import between, seconds, seconds_or_none
from lab.judge.verdict import ClassFigures, EpisodeVerdict, Span


@dataclass(frozen=True, eq=False)
class Scene:
    """What an episode is measured in: the stage's events and its punctual rows in due order."""

    timeline: Timeline
    seen: Seen
    inject_begin_ns: int
    inject_end_ns: int
    watch_end_ns: int
    """Beyond it nothing was watched."""

    @property
    def recovery_by_ns(self) -> int:
        """Only a recovery confirmed by requests due by then counts: nothing that the lab's own heal did, where a measure
        has to do it. The lab waits at its deadline as long as a confirmation takes, so none is missed that was in time."""
        heal_ns = self.timeline.heal_begin_ns
        return heal_ns if self.timeline.stage.until_recovered and heal_ns is not None else self.watch_end_ns

    @property
    def recover_from_ns(self) -> int | None:
        return self.inject_begin_ns if self.timeline.stage.until_recovered else self.timeline.heal_end_ns

    def period_ns(self, name: str) -> int:
        """Between two requests of a class: the resolution of every instant that is read off it."""
        rate = self.timeline.stage.probe.rate if name == ALL else self.timeline.stage.class_rate
        return round(1e9 / rate)


@dataclass(frozen=True)
class Bracket:
    last_bad_ns: int
    good_ns: int
    name: str
    """Of which class."""


def bracket(scene: Scene, member: Member) -> Bracket | None:
    """The recovery lies after the last bad and not after the next good one.

    Where the class had no requests in between (its connections were being reopened), *all* says how long it was bad.
    """
    found = member.outage.recovery
    if found is None or found.confirmed_ns > scene.recovery_by_ns:
        return None
    last_bad_ns = found.last_bad_ns
    if found.good_ns - last_bad_ns > 3 * scene.period_ns(member.name):
        meanwhile = scene.seen.due_in(last_bad_ns, found.good_ns)
        last_bad_ns = int(meanwhile.rows.due_ns[meanwhile.bad].max(initial=last_bad_ns))
    return Bracket(last_bad_ns, found.good_ns, member.name)


def recovered(scene: Scene, episode: Episode) -> Bracket | None:
    """Of the class that recovered last; None: censored."""
    ends = [bracket(scene, member) for member in episode.members]
    return None if episode.last is None or None in ends else bracket(scene, episode.last)


def is_the_first(episode: Episode) -> bool:
    """The outage that the fault caused: no relapse, and not what an action broke."""
    return episode.caused_by == "fault" and not episode.relapse


def detected(scene: Scene, episode: Episode) -> tuple[int, str] | None:
    """The first alarm at or after the injection; for what came later, at or after its own onset."""
    from_ns = scene.inject_begin_ns if is_the_first(episode) else episode.onset_ns
    return next(((e.t_ns, e.alarm) for e in scene.timeline.alarms() if e.t_ns >= from_ns), None)


@dataclass(frozen=True)
class Instants:
    """Of one episode, in ns since t0; None: it did not come to that."""

    detected_ns: int | None
    detected_by: str | None
    repaired: Marks
    end: Bracket | None
    watched_to_ns: int
    """Its end, or until when nobody saw one."""

    @property
    def recovered_ns(self) -> int | None:
        return self.end.good_ns if self.end else None


def instants(scene: Scene, episode: Episode) -> Instants:
    detected_ns, detected_by = detected(scene, episode) or (None, None)
    end = recovered(scene, episode)
    watched_to_ns = end.good_ns if end else scene.recovery_by_ns
    return Instants(detected_ns, detected_by, repair_marks(scene.timeline, detected_ns), end, watched_to_ns)


def figures(scene: Scene, episode: Episode) -> EpisodeVerdict:
    """Everything about one episode, as the verdict states it: a table, whatever takes working out has its function."""
    at = instants(scene, episode)
    inside = _runs(scene, episode, at)
    classes = {name: _class_figures(scene, episode, name, at.watched_to_ns) for name in CLASSES}
    return EpisodeVerdict(
        caused_by=episode.caused_by,
        relapse=episode.relapse,
        affected=tuple(name for name in CLASSES if name in episode.classes),
        injected_s=(seconds(scene.inject_begin_ns), seconds(scene.inject_end_ns)),
        onset_s=seconds(episode.onset_ns),
        visible_s=seconds(episode.visible_ns),
        visible_requests=episode.members[0].outage.requests,
        visible_class=episode.members[0].name,
        detected_s=seconds_or_none(at.detected_ns),
        detected_by=at.detected_by,
        healed_s=_healed_s(scene.timeline),
        acted_s=seconds_or_none(at.repaired["acted"]),
        ready_s=seconds_or_none(at.repaired["ready"]),
        recovered_s=seconds_or_none(at.recovered_ns),
        bracket_s=_bracket_s(at.end),
        resolution_s=seconds(scene.period_ns(at.end.name)) if at.end else None,
        censored=at.end is None,
        watched_to_s=seconds(at.watched_to_ns),
        detect_s=between(scene.inject_begin_ns, at.detected_ns) if is_the_first(episode) else None,
        recover_s=between(scene.recover_from_ns, at.recovered_ns) if episode.caused_by == "fault" else None,
        recover_from="injected" if scene.timeline.stage.until_recovered else "healed",
        detect_to_recover_s=between(at.detected_ns, at.recovered_ns),
        act_to_ready_s=between(at.repaired["acted"], at.repaired["ready"]),
        bad_seconds=classes[ALL].bad_seconds,
        bad_seconds_after_action=classes[ALL].bad_seconds_after_action,
        bad_runs=inside.bad_runs,
        longest_bad_s=seconds(inside.longest_bad_ns),
        longest_good_s=seconds(inside.longest_good_ns),
        flaps=episode.flaps,
        spans=_spans(scene, episode, at) if is_the_first(episode) else (),
        classes=classes,
    )


def _runs(scene: Scene, episode: Episode, at: Instants) -> Runs:
    whole = scene.seen.due_in(episode.onset_ns, at.watched_to_ns)
    return runs(whole.rows.due_ns, whole.bad, at.watched_to_ns)


def _healed_s(timeline: Timeline) -> tuple[float, float] | None:
    begin_ns, end_ns = timeline.heal_begin_ns, timeline.heal_end_ns
    return None if begin_ns is None or end_ns is None else (seconds(begin_ns), seconds(end_ns))


def _bracket_s(found: Bracket | None) -> tuple[float, float] | None:
    return (seconds(found.last_bad_ns), seconds(found.good_ns)) if found else None


def _spans(scene: Scene, episode: Episode, at: Instants) -> tuple[Span, ...]:
    seen = {"fault": scene.inject_begin_ns, "visible": episode.visible_ns}
    return spans({**seen, "detected": at.detected_ns, **at.repaired, "recovered": at.recovered_ns})


def _class_figures(scene: Scene, episode: Episode, name: str, end_ns: int) -> ClassFigures:
    rows = scene.seen.of_class(name).due_in(episode.onset_ns, end_ns)
    mine = [member for member in episode.members if member.name == name]
    found = bracket(scene, mine[-1]) if mine else None
    acted_ns = scene.timeline.acted_ns
    after = None if acted_ns is None else int(rows.bad[rows.rows.due_ns >= acted_ns].sum())
    bad, rate = int(rows.bad.sum()), 1e9 / scene.period_ns(name)
    return ClassFigures(
        requests=len(rows),
        bad=bad,
        bad_share=bad / len(rows) if len(rows) else None,
        bad_seconds=bad / rate,
        bad_seconds_after_action=None if after is None else after / rate,
        affected=bool(mine),
        visible_s=seconds(mine[0].outage.visible_ns) if mine else None,
        recovered_s=seconds(found.good_ns) if found else None,
        bracket_s=_bracket_s(found),
        resolution_s=seconds(scene.period_ns(name)),
    )


def bad_seconds(scene: Scene, found: tuple[Episode, ...]) -> float:
    """Of the whole stage: every bad request of *all* that was due in any episode, once, over the probe's rate."""
    due_ns, inside = scene.seen.rows.due_ns, np.zeros(len(scene.seen), dtype=bool)
    for episode in found:
        end = recovered(scene, episode)
        inside |= (due_ns >= episode.onset_ns) & (due_ns < (end.good_ns if end else scene.recovery_by_ns))
    return float((scene.seen.bad & inside).sum() / scene.timeline.stage.probe.rate)
