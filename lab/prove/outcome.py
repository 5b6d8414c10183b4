"""What one trial says of a claim: a verdict, read for the one stage that the claim is about. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lab.judge.landed import UNLANDED
from lab.judge.verdict import EpisodeVerdict, Ruling, StageVerdict, Verdict

NEVER_S = math.inf
"""Not recovered while anybody watched."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``well``: every outage recovered, the fault's within its budget, or there was none; of a load test, every threshold was
    kept. ``seconds`` of the longest of them, from the injection (or the heal, where the lab ends the fault), 0 without an
    outage. ``bad``: requests of the probe, or failed and slow ones of a load test; of that alone ``failed``, and of these
    ``resets``. ``unknown``: why the trial says nothing; then only ``landed`` is of use: False where the fault's counters, or
    the requests, say that it did not.
    """

    well: bool
    seconds: float
    bad: int
    requests: int
    landed: bool
    failed: int = 0
    resets: int = 0
    load_test: bool = False
    unknown: str = ""


def outcome(verdict: Verdict, stage: str | None, *, prevents: bool) -> Outcome:
    """Of the stage, or of the drill's last one. ``prevents``: in this arm a fault that was injected and that nobody felt is
    what was hoped for; in the other it is a fault that did not land.

    Raises LookupError when the drill has no such stage.
    """
    found = _stage(verdict, stage)
    return _of_probe(found, prevents) if found.load is None else _of_load(found)


def _stage(verdict: Verdict, name: str | None) -> StageVerdict:
    stages = [each for each in verdict.stages if name is None or each.stage == name]
    if not stages:
        raise LookupError(f"{verdict.drill} has no stage {name!r}")
    return stages[-1]


def _of_load(stage: StageVerdict) -> Outcome:
    assert stage.load is not None
    return Outcome(
        well=stage.verdict is Ruling.PASS,
        seconds=0.0 if stage.verdict is Ruling.PASS else NEVER_S,
        bad=stage.load.failed + stage.load.slow,
        failed=stage.load.failed,
        resets=sum(each.unanswered.get("reset", 0) for each in stage.load.by_request.values()),
        requests=stage.load.requests,
        landed=True,
        load_test=True,
        unknown="; ".join(stage.reasons) if stage.verdict is Ruling.UNKNOWN else "",
    )


def _of_probe(stage: StageVerdict, prevents: bool) -> Outcome:
    felt_nothing = not stage.episodes and bool(stage.evidence.done)
    unknown = stage.verdict is Ruling.UNKNOWN and not (prevents and felt_nothing and _only_of_landing(stage))
    recover = stage.budgets.get("recover")
    everything = [episode.classes["all"] for episode in stage.episodes if "all" in episode.classes]
    return Outcome(
        well=not any(each.censored for each in stage.episodes) and (recover is None or recover.kept is not False),
        seconds=max((_seconds(each) for each in stage.episodes), default=0.0),
        bad=sum(each.bad for each in everything),
        requests=stage.evidence.probe.requests,
        landed=stage.evidence.landed not in ("no", "in part"),
        unknown="; ".join(stage.reasons) if unknown else "",
    )


def _only_of_landing(stage: StageVerdict) -> bool:
    """A run that broke off after the injection has one reason as well, and it is another."""
    return all(reason in UNLANDED.values() for reason in stage.reasons)


def _seconds(episode: EpisodeVerdict) -> float:
    return NEVER_S if episode.censored or episode.recover_s is None else episode.recover_s
