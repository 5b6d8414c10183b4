"""A whole drill, and the plan of a run of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lab.drill.model.alarms import Alarms
from lab.drill.model.noun import FileNoun
from lab.drill.model.stage import Stage, Thresholds
from lab.drill.model.target import Target

Check = Literal["no_oversell", "no_lost_order", "no_duplicate_order"]


@dataclass(frozen=True, kw_only=True)
class Drill(FileNoun):
    """What shall happen, whole. The reader has put the drill's ``alarm`` into every stage that has none of its own."""

    drill: str
    about: str = ""
    target: Target
    checks: tuple[Check, ...] = ()
    alarm: Alarms = field(default_factory=Alarms)
    thresholds: Thresholds = field(default_factory=dict)
    """Of the requests of all stages."""
    scale: float = 1.0
    """Times of the loads were multiplied with this (``lab load --scale``); users were not."""
    stages: tuple[Stage, ...]
    allow: tuple[str, ...] = ()
    """Hosts outside loopback that load may go to, if the command line says so too (``--allow-host``)."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Stages that this machine cannot host, with the reason (``needs toxiproxy``); decided before the run."""


@dataclass(frozen=True, kw_only=True)
class RunPlan(FileNoun):
    """``drill.json``: the resolved drill and all that is fixed before the run; with rows and events it is all the judge needs."""

    drill: Drill
    without: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    """``--set``, as typed; they are in ``drill`` already."""
    runtime: Literal["sandbox", "open", "fake"]
    seed: int
    t0_ns: int
    epoch_ns: int
    definitions: int = 1
    planned: Mapping[str, int]
    lab: str
    shards: int = 1
    """Processes that share the users of each load."""
    toxiproxy: str | None = None
    toxiproxy_path: str | None = None
    k6_path: str | None = None
    machine: Mapping[str, str] = field(default_factory=dict)
