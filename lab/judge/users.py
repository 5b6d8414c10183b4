"""The users of the load beside the probe: the same definitions over their own requests. Told, never judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lab.history.model.rows import Outcome, Rows
from lab.judge.baseline import baseline_of
from lab.judge.detector import threshold
from lab.judge.figures import Scene
from lab.judge.known import Bounds, Seen, see
from lab.judge.times import between, ns, seconds
from lab.judge.track import Track
from lab.judge.verdict import UserFigures


def outcomes(rows: Rows) -> dict[str, int]:
    """How often each outcome occurred, by name."""
    counts = np.bincount(rows.outcome, minlength=len(Outcome))
    return {outcome.name.lower(): int(counts[outcome]) for outcome in Outcome if counts[outcome]}


def users(rows: Rows, bounds: Bounds, scene: Scene | None, baseline_begin_ns: int | None) -> UserFigures:
    """Figures of one stage's load. ``scene`` None: nothing was injected, so there is nothing to recover from."""
    seen = see(rows, bounds)
    whole = UserFigures(requests=len(seen), bad=int(seen.bad.sum()), cut=seen.cut, outcomes=outcomes(rows))
    if scene is None or baseline_begin_ns is None or not len(seen):
        return whole
    return _recovered(whole, seen, scene, baseline_begin_ns)


def _recovered(whole: UserFigures, seen: Seen, scene: Scene, begin_ns: int) -> UserFigures:
    slow_ns = ns(scene.timeline.stage.probe.slow)
    base = baseline_of(seen, begin_ns, scene.inject_begin_ns - slow_ns)
    if not base.steady:
        note = f"users' baseline not steady: {base.bad} of {base.requests} bad"
        return replace(whole, note=note)
    track = Track(p0=base.p0, crossing=threshold(len(seen)), after_ns=base.end_ns, slow_ns=slow_ns)
    track.release(seen.sights(), np.inf if seen.cut_due_ns is None else seen.cut_due_ns)
    felt = [outage for outage in track.outages if not scene.timeline.before_injection(outage.visible_ns)]
    last = felt[-1].recovery if felt else None
    good_ns = last.good_ns if last and last.confirmed_ns <= scene.recovery_by_ns else None
    return replace(
        whole,
        visible_s=seconds(felt[0].visible_ns) if felt else None,
        recovered_s=None if good_ns is None else seconds(good_ns),
        recover_s=between(scene.recover_from_ns, good_ns),
    )
