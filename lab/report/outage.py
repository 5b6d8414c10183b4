"""One outage in words: when it was provable, who noticed, how it ended, and what else broke."""

from __future__ import annotations

from collections.abc import Iterator

from lab.drill.describe_alarms import conditions
from lab.drill.model import Stage
from lab.history.model.events import AlarmEvent
from lab.judge.known import ALL
from lab.judge.timeline import Timeline
from lab.judge.times import seconds
from lab.judge.verdict import EpisodeVerdict, EvidenceFigures, UserFigures
from lab.nanoseconds import NS_PER_S
from lab.report.line import ReportLine
from lab.report.quantities import count, duration, fine_share, printable, several


def visible(episode: EpisodeVerdict, evidence: EvidenceFigures, zero_s: float) -> ReportLine:
    of = "" if episode.visible_class == ALL else f" on {episode.visible_class} connections"
    says = [f"{several(episode.visible_requests, 'request')}{of}"]
    if base := evidence.baseline:
        before = f"{count(base.bad)} of {count(base.requests)} bad before"
        says.append(f"false alarm < {fine_share(evidence.alpha)} if the background is ≤ {fine_share(base.p0)} ({before})")
    return ReportLine("visible", tuple(says), episode.visible_s - zero_s)


def detected(timeline: Timeline, episode: EpisodeVerdict, zero_s: float) -> ReportLine:
    if episode.detected_s is None:
        return ReportLine("not noticed", (f"no alarm was raised ({_rules(timeline.stage)})",))
    raised = next(
        (e for e in timeline.alarms() if e.alarm == episode.detected_by and seconds(e.t_ns) == episode.detected_s), None
    )
    text = _alarm_text(raised) if raised else f"alarm {episode.detected_by}"
    return ReportLine("detected", (text,), episode.detected_s - zero_s)


def alarms(timeline: Timeline, zero_s: float) -> Iterator[ReportLine]:
    """Where no outage was visible, an alarm detected nothing."""
    for event in timeline.alarms():
        yield ReportLine("alarm", (_alarm_text(event),), event.t_ns / NS_PER_S - zero_s)


def _alarm_text(event: AlarmEvent) -> str:
    return printable(event.text) or f"alarm {event.alarm}"


def _rules(stage: Stage) -> str:
    rules = " or ".join(condition for _, condition in conditions(stage.alarm))
    return f"rule: {rules}" if rules else "the stage has no alarm rule"


def ended(stage: Stage, episode: EpisodeVerdict, users: UserFigures | None, zero_s: float) -> ReportLine:
    """The recovery, or that there was none."""
    at_s = episode.watched_to_s if episode.recovered_s is None else episode.recovered_s
    bad = f"bad-seconds {episode.bad_seconds:.2f}"
    if episode.bad_seconds_after_action is not None:
        bad += f" ({episode.bad_seconds_after_action:.2f} after the action)"
    rest = (bad, *_flaps(episode), *_users(stage, users))
    if episode.recovered_s is None:
        return ReportLine(
            "no recovery", (f"not recovered in the {duration(at_s - zero_s)} that it was watched", *rest), at_s - zero_s
        )
    return ReportLine("recovered", (*_recovered(episode), *rest), at_s - zero_s)


def _recovered(episode: EpisodeVerdict) -> Iterator[str]:
    """The figure that the stage is about comes first and carries the bracket."""
    noticed = _noticed(episode.detect_to_recover_s)
    since = _since(episode)
    parts = [*since, *noticed] if episode.recover_from == "healed" else [*noticed, *since]
    for index, part in enumerate(parts):
        yield part + (bracket(episode) if index == 0 else "")


def _since(episode: EpisodeVerdict) -> list[str]:
    if episode.recover_s is None:
        return []
    early = " (due before the heal, answered after it)" if episode.recover_s < 0 else ""
    return [f"{'heal' if episode.recover_from == 'healed' else 'inject'}→recover {duration(episode.recover_s)}{early}"]


def _noticed(detect_to_recover_s: float | None) -> list[str]:
    if detect_to_recover_s is None:
        return []
    early = " (before it was noticed)" if detect_to_recover_s < 0 else ""
    return [f"detect→recover {duration(detect_to_recover_s)}{early}"]


def bracket(episode: EpisodeVerdict) -> str:
    """`` [±20 ms]``: from the last bad request to the next good one, at least the resolution of its class."""
    if episode.bracket_s is None:
        return ""
    last_bad_s, good_s = episode.bracket_s
    return f" [±{duration(max(good_s - last_bad_s, episode.resolution_s or 0.0))}]"


def _flaps(episode: EpisodeVerdict) -> Iterator[str]:
    if episode.flaps:
        stretches = f"longest bad {duration(episode.longest_bad_s)}, longest good {duration(episode.longest_good_s)}"
        yield f"flapped {several(episode.flaps, 'time')} ({stretches})"


def _users(stage: Stage, users: UserFigures | None) -> Iterator[str]:
    if users is None or not users.requests:
        return
    if users.note:
        yield users.note
    elif users.visible_s is None:
        yield "users: no outage visible"
    elif users.recover_s is None:
        yield "users not recovered"
    else:
        yield f"users {'inject' if stage.until_recovered else 'heal'}→recover {duration(users.recover_s)}"


def other(episode: EpisodeVerdict, evidence: EvidenceFigures, zero_s: float) -> ReportLine:
    """A relapse, or what the action itself broke: one line, from its first bad request."""
    hit = " and ".join(name for name in episode.affected if name != ALL) or ALL
    if episode.caused_by == "action":
        word, what = "also broken", f"{hit} connections, by the {evidence.actions[0] if evidence.actions else 'action'}"
    else:
        word, what = "relapse", f"{hit} connections bad again"
    if episode.recovered_s is None:
        end = "not recovered"
    else:
        end = f"recovered {duration(episode.recovered_s - episode.onset_s)} later{bracket(episode)}"
    return ReportLine(word, (what, end, f"bad-seconds {episode.bad_seconds:.2f}"), episode.onset_s - zero_s)
