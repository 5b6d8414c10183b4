"""What a check is: of each request its status; where a script asks, what the script checked, and nothing else, as in k6.

A script's checks are counted and have no time of their own, so that a window has none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from lab.history.model.history import History
from lab.history.model.rows import Column, Rows
from lab.judge.timeline import Timeline, timeline_of

Checks = Mapping[str, tuple[int, int]]
"""How often each held, and did not."""
Scripts = Mapping[int, Checks]
"""Of each scenario that has a script; one that checked nothing is there too, and empty."""
NO_SCRIPTS: Scripts = MappingProxyType({})
_TAGS = frozenset({"scenario", "check"})


def of_scripts(history: History) -> Scripts:
    """Of the whole drill."""
    stages = (timeline_of(history, index) for index in range(len(history.plan.drill.stages)))
    return {index: checks for stage in stages for index, checks in of_script(stage).items()}


def of_script(timeline: Timeline) -> Scripts:
    """Of one stage."""
    load = timeline.stage.load
    return {timeline.index: added(event.checks for event in timeline.loads())} if load and load.scripted else NO_SCRIPTS


def added(several: Iterable[Checks]) -> dict[str, tuple[int, int]]:
    """Over shards, or scenarios."""
    found: dict[str, tuple[int, int]] = {}
    for name, (held, not_held) in (each for checks in several for each in checks.items()):
        before = found.get(name, (0, 0))
        found[name] = (before[0] + held, before[1] + not_held)
    return found


def by_status(rows: Rows, scripts: Scripts) -> Column:
    """Which rows are a check: those of no script."""
    return np.isin(rows.scenario, list(scripts), invert=True)


def by_script(scripts: Scripts, tags: Iterable[tuple[str, str]], scenario_names: Sequence[str]) -> Column:
    """A truth for each check of a script that has these tags."""
    wanted = dict(tags)
    if not wanted.keys() <= _TAGS:
        return np.zeros(0, bool)
    of = [checks for i, checks in scripts.items() if wanted.get("scenario", scenario_names[i]) == scenario_names[i]]
    counts = [each for name, each in added(of).items() if wanted.get("check", name) == name]
    return np.repeat([True, False], np.array(counts, np.int64).reshape(-1, 2).sum(axis=0))
