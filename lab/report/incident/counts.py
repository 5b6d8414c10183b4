"""Who asked what, and how it ended: users and probe apart, API by API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lab.drill.model import Request
from lab.history.model.history import History
from lab.history.model.rows import OTHER, Rows
from lab.judge.known import Bounds, Seen, see
from lab.judge.timeline import Timeline
from lab.judge.times import ns
from lab.judge.users import outcomes
from lab.judge.verdict import EpisodeVerdict
from lab.report.incident.model import Api, Counted


@dataclass(frozen=True, eq=False)
class Traffic:
    """The rows of a stage; ``bounds`` are the probe's, for users too."""

    bounds: Bounds
    probe: Rows
    load: Rows

    def probe_counted(self) -> Counted:
        return counted(self.probe, self.bounds)

    def users_counted(self) -> Counted | None:
        return counted(self.load, self.bounds) if len(self.load) else None

    def vus(self) -> tuple[int, int]:
        """Users that sent a request, and those with a bad one; a script of k6 numbers its users too."""
        seen = see(self.load, self.bounds)
        return len(np.unique(self.load.vu)), len(np.unique(seen.rows.vu[seen.bad]))


def traffic(history: History, timeline: Timeline) -> Traffic:
    own = (rows.where(rows.scenario == timeline.index) for rows in (history.probe, history.load))
    return Traffic(Bounds.of(timeline.stage.probe), *own)


def counted(rows: Rows, bounds: Bounds) -> Counted:
    seen = see(rows, bounds)
    return Counted(requests=len(seen), bad=int(seen.bad.sum()), cut=seen.cut, outcomes=tuple(outcomes(rows).items()))


def apis(found: Traffic, requests: dict[str, Request], episodes: tuple[EpisodeVerdict, ...]) -> Iterator[Api]:
    """Those that were asked at all, in the target's order; what a script asked beside them comes last, without a name."""
    for index, (name, request) in enumerate(requests.items()):
        path, method = request.post or request.get or "", "POST" if request.post is not None else "GET"
        yield from _api(found, index, episodes, Api(name=name, method=method, path=path, affected=False, probe=None, users=None))
    yield from _api(found, OTHER, episodes, Api(name="", method="", path="", affected=False, probe=None, users=None))


def _api(found: Traffic, index: int, episodes: tuple[EpisodeVerdict, ...], named: Api) -> Iterator[Api]:
    probe, load = (rows.where(rows.request == index) for rows in (found.probe, found.load))
    if not len(probe) and not len(load):
        return
    yield Api(
        name=named.name,
        method=named.method,
        path=named.path,
        affected=any(_hit(see(rows, found.bounds), episode) for rows in (probe, load) for episode in episodes),
        probe=counted(probe, found.bounds) if len(probe) else None,
        users=counted(load, found.bounds) if len(load) else None,
    )


def _hit(seen: Seen, episode: EpisodeVerdict) -> bool:
    """Due from the first bad request to the first good one, or as long as it was watched, its last instant too."""
    end_ns = ns(episode.watched_to_s if episode.recovered_s is None else episode.recovered_s)
    return bool(seen.due_in(ns(episode.onset_s), end_ns + 1).bad.any())
