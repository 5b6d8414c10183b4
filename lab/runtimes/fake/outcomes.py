"""How a simulated request ends: the same for the probe's, lived through, and the users', played afterwards. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lab.fault import Symptom
from lab.history.model.rows import Outcome


@dataclass(frozen=True)
class Loss:
    """``at_ns``: when its client gives it up, None: at once. ``commits``: the work is done before the answer is lost."""

    outcome: Outcome
    connected: bool
    at_ns: int | None = None
    commits: bool = False


def loss(up: bool, symptom: Symptom | None, *, fresh: bool, connect_by_ns: int, answer_by_ns: int) -> Loss | None:
    """What a request loses its answer by, that finds the service ``up`` or not and meets ``symptom``; None: nothing."""
    if not up or (symptom is not None and symptom.kind == "refuse"):
        return Loss(Outcome.CONNECT_REFUSED if fresh else Outcome.RESET, connected=not fresh)
    if symptom is None:
        return None
    if symptom.kind == "hang" and fresh:
        at_ns, outcome = min((connect_by_ns, Outcome.CONNECT_TIMEOUT), (answer_by_ns, Outcome.TIMEOUT))
        return Loss(outcome, connected=False, at_ns=at_ns)
    if symptom.kind in ("hang", "slow"):
        return Loss(Outcome.TIMEOUT, connected=True, at_ns=answer_by_ns, commits=symptom.after_commit)
    return Loss(Outcome.RESET, connected=True, commits=symptom.after_commit)


def of_status(status: int, expect: Collection[int]) -> Outcome:
    return Outcome.OK if status in expect else Outcome.BAD_STATUS
