"""The figures by which two runs of a stage are compared."""

from __future__ import annotations

from dataclasses import dataclass

from lab.judge.verdict import EpisodeVerdict, StageVerdict
from lab.report.quantities import NOTHING, duration


@dataclass(frozen=True)
class Figure:
    """``value`` in seconds (or bad-seconds); None where ``text`` says why there is none."""

    name: str
    value: float | None
    text: str


def first_episode(stage: StageVerdict) -> EpisodeVerdict | None:
    """The outage that the fault caused; a relapse, or what an action broke, is told beside it."""
    return next((episode for episode in stage.episodes if episode.caused_by == "fault" and not episode.relapse), None)


def figures(stage: StageVerdict) -> tuple[Figure, ...]:
    """Detect, recover, detect→recover, act→ready and bad-seconds, always all five and in this order."""
    episode = first_episode(stage)
    if episode is None:
        return tuple(Figure(name, None, NOTHING) for name in ("detect", "recover", "detect→recover", "act→ready", "bad-seconds"))
    lost = "not recovered" if episode.censored else NOTHING
    return (
        _figure("detect", episode.detect_s, "not noticed"),
        _figure("recover", episode.recover_s, lost),
        _figure("detect→recover", episode.detect_to_recover_s, lost),
        _figure("act→ready", episode.act_to_ready_s, NOTHING),
        Figure("bad-seconds", episode.bad_seconds, f"{episode.bad_seconds:.2f}"),
    )


def _figure(name: str, value: float | None, missing: str) -> Figure:
    return Figure(name, value, missing if value is None else duration(value))
