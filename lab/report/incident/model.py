"""What an incident document is made of, as frozen data without a language: names of kinds, numbers, instants.

None, or an empty text: the run did not record it, and the document says so in words. A template of a team's own is
written against these names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lab.prove.found import FoundProof


@dataclass(frozen=True, kw_only=True)
class Moment:
    """An instant: ``wall`` in UTC, ``since_s`` from the begin of the injection of its stage."""

    wall: datetime
    since_s: float


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the timeline. ``what`` and ``detail`` are the run's own words: a fault, an action, a log's line."""

    at: Moment
    kind: str
    what: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Requests of one origin over the whole stage. ``bad``: failed, or slower than the probe's bounds. ``cut``: in no figure.

    ``outcomes`` by name, as they ended; a slow one is ``ok`` there.
    """

    requests: int
    bad: int
    cut: int
    outcomes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Api:
    """A request of the target that was asked in this stage. ``affected``: one of it was bad while the outage lasted."""

    name: str
    method: str
    path: str
    affected: bool
    probe: Counted | None
    users: Counted | None


@dataclass(frozen=True, kw_only=True)
class Connections:
    """A class of the probe's connections (``fresh``, ``kept``), over the outage."""

    name: str
    requests: int
    bad: int
    affected: bool


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A duration (or bad-seconds) and what it is held against. ``kept`` None: nothing was, or could be."""

    figure: str
    value: float | None
    budget: float | None = None
    kept: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Counter:
    """How far it moved while the fault stood, and in the baseline before."""

    name: str
    moved: int
    before: int


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Of the target. ``was``: in force at the injection; empty: the same."""

    name: str
    value: str
    was: str = ""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """``landed``: yes, in part, no, not known. ``done``: what the fault read back after the injection."""

    fault: str
    parameters: tuple[tuple[str, str], ...]
    done: str
    landed: str
    counters: tuple[Counter, ...]
    settings: tuple[Setting, ...]
    """In force at the injection."""
    baseline_requests: int | None
    baseline_bad: int | None


@dataclass(frozen=True, kw_only=True)
class Action:
    """What was done, and the settings that came of it. ``ended`` None: it was still under way when the stage ended."""

    action: str
    alarm: str
    began: Moment
    ended: Moment | None
    ok: bool
    detail: str
    changes: tuple[Setting, ...]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """On this alarm that, at most so often (``3/60s``). ``action`` nobody: it is left to people."""

    alarm: str
    action: str
    limit: str


@dataclass(frozen=True, kw_only=True)
class MeasureFacts:
    """``in_force`` False: taken out of this run (``--without``), so the run does not say what it would have been.

    ``proofs``: of the claims about it, from the records of incident documents; empty: no record yet.
    """

    name: str
    in_force: bool
    rules: tuple[Rule, ...] = ()
    settings: tuple[Setting, ...] = ()
    proofs: tuple[FoundProof, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One outage. ``began``: first bad request due. ``good``: first good one after the last bad; None: not seen to recover."""

    caused_by: str
    relapse: bool
    began: Moment
    visible: Moment
    good: Moment | None
    last_bad: Moment | None
    watched_to: Moment
    lasted_s: float | None
    watched_s: float
    connections: tuple[Connections, ...]
    bad_seconds: float
    bad_seconds_after_action: float | None


@dataclass(frozen=True, kw_only=True)
class Outage:
    """The part of a stage with an outage. ``first`` is the fault's own (or the only one); ``others``: relapses and the like."""

    number: int
    stage: str
    ruling: str
    reasons: tuple[str, ...]
    injected: Moment
    detected: Moment | None
    detected_by: str
    alarm_text: str
    healed: Moment | None
    healed_reason: str
    first: Episode
    others: tuple[Episode, ...]
    measured: tuple[Measured, ...]
    recover_from: str
    apis: tuple[Api, ...]
    probe: Counted
    users: Counted | None
    vus: int
    """Simulated users that sent at least one request; ``vus_hit``: those with a bad one."""
    vus_hit: int
    cause: Cause
    timeline: tuple[Entry, ...]
    actions: tuple[Action, ...]
    gave_up: str
    notes: tuple[Entry, ...]
    measures: tuple[MeasureFacts, ...]


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """A stage without a measured outage. ``kind``: load test, no fault, not visible, not injected, not run.

    Where no fault was injected the judge measures none, but its ``reasons`` say that there was one.
    """

    number: int
    stage: str
    ruling: str
    kind: str
    reasons: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """An invariant of the data. ``in_doubt``: sent and never answered, so either is right."""

    check: str
    ruling: str
    reasons: tuple[str, ...]
    acknowledged: int
    stored: int
    in_doubt: int


@dataclass(frozen=True, kw_only=True)
class Incident:
    """A run. ``complete`` False: it broke off or was interrupted; ``reasons`` are those of the whole run."""

    drill: str
    about: str
    ruling: str
    reasons: tuple[str, ...]
    complete: bool
    began: datetime
    ended: datetime | None
    runtime: str
    target: str
    in_model: bool
    """The service is the lab's own model of one; of a simulation that is not said too."""
    seed: int
    lab: str
    without: tuple[str, ...]
    patches: tuple[str, ...]
    stages: int
    outages: tuple[Outage, ...]
    quiet: tuple[Quiet, ...]
    checks: tuple[Check, ...]
