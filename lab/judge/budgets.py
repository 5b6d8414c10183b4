"""What the stage had to keep, held against what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.drill.model import Budgets
from lab.judge.verdict import BudgetFigures, EpisodeVerdict


@dataclass(frozen=True)
class Held:
    figures: dict[str, BudgetFigures] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    """In words, as the verdict gives them."""


def _seconds(value: float) -> str:
    return f"{round(value, 3):g} s"


def hold(within: Budgets, episodes: Sequence[EpisodeVerdict], bad_seconds: float, watch_end_s: float) -> Held:
    """Every budget of the stage. The fault's outage must also end, whether or not a budget says when.

    What was not watched for as long as its budget (an interrupted stage) has kept it or not: nobody knows.
    """
    mine = [episode for episode in episodes if episode.caused_by == "fault"]
    figures: dict[str, BudgetFigures] = {}
    missed: list[str] = []
    if within.detect is not None:
        detect_s = mine[0].detect_s if mine else None
        judged = bool(mine) and (detect_s is not None or watch_end_s - mine[0].injected_s[0] >= within.detect)
        figures["detect"] = _figure(within.detect, detect_s, judged)
        if mine and detect_s is None:
            missed.append(f"not detected in {_seconds(within.detect)}")
        elif detect_s is not None and detect_s > within.detect:
            missed.append(f"detected after {_seconds(detect_s)}, budget {_seconds(within.detect)}")
    missed += _recoveries(within.recover, mine)
    if within.recover is not None:
        known = [episode.recover_s for episode in mine if episode.recover_s is not None]
        worst = max(known) if known and len(known) == len(mine) else None
        figures["recover"] = _figure(within.recover, worst, bool(mine) and all(_watched(e, within.recover) for e in mine))
    if within.bad_seconds is not None:
        figures["bad_seconds"] = _figure(within.bad_seconds, bad_seconds if mine else None, bool(mine))
        if mine and bad_seconds > within.bad_seconds:
            missed.append(f"{bad_seconds:.2f} bad-seconds, budget {within.bad_seconds:g}")
    stuck = [e for e in episodes if e.caused_by == "action" and e.censored]
    missed += [f"the action broke {' and '.join(e.affected)} connections, which did not recover" for e in stuck]
    return Held(figures, tuple(missed))


def _watched(episode: EpisodeVerdict, budget_s: float) -> bool:
    """It recovered, or had all the time of its budget to."""
    if not episode.censored:
        return True
    since = episode.injected_s[:1] if episode.recover_from == "injected" else (episode.healed_s or ())[1:]
    return any(episode.watched_to_s - since_s >= budget_s for since_s in since)


def _figure(budget: float, value: float | None, judged: bool) -> BudgetFigures:
    return BudgetFigures(budget=budget, value=value, kept=(value is not None and value <= budget) if judged else None)


def _recoveries(budget_s: float | None, mine: Sequence[EpisodeVerdict]) -> list[str]:
    missed = []
    for episode in mine:
        again = "relapsed, and " if episode.relapse else ""
        if episode.censored:
            limit_s = budget_s if budget_s is not None else episode.watched_to_s - episode.onset_s
            missed.append(f"{again}not recovered in {_seconds(limit_s)}")
        elif budget_s is not None and episode.recover_s is not None and episode.recover_s > budget_s:
            missed.append(f"{again}recovered after {_seconds(episode.recover_s)}, budget {_seconds(budget_s)}")
    return missed
