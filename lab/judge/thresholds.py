"""Thresholds over request rows: what each metric came to, and whether it kept what was said about it.

Which rows count, column by column and never row by row:

- ``cut`` in no metric; ``dropped`` only in ``dropped_iterations``; one request is one iteration, and one
  check where no script asks (``lab.judge.checked``).
- ``http_req_failed``, ``checks`` and the tag ``expected_response`` go by the outcome (``lab.judge.tags``).
- A trend is the time of a phase (``lab.judge.phases``). k6 counts a phase that a request never left as 0 ms in
  ``http_req_duration``, ``_connecting`` and ``_blocked``, so that there a refused crowd improves every percentile.
- No row, no value, nothing kept or broken (k6 skips empty sinks); only counters count to 0, and that is judged.
- With a window the worst whole one decides. Windows begin every second from the first due time to the last of all
  requests of the scenario, whatever became of them; so one in which nothing was due counts as 0 in a counter.
- With a begin (``[4s..]``) what is due earlier, counted from that first due time, is left out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from lab.drill.thresholds import Threshold
from lab.history.model.rows import Column, Outcome, Rows, Via
from lab.judge.checked import NO_SCRIPTS, Scripts, by_script, by_status
from lab.judge.phases import PHASES, took
from lab.judge.tags import tagged
from lab.judge.times import ns, seconds
from lab.judge.verdict import ThresholdFigures
from lab.nanoseconds import NS_PER_S

_US_PER_MS = 1_000
_NONE_NS = 2**62
"""When the first of no requests is due; a begin after it still fits into 64 bits."""


def evaluate(
    thresholds: Sequence[Threshold],
    rows: Rows,
    *,
    scenario_names: Sequence[str],
    request_names: Sequence[str],
    duration_s: float,
    scripts: Scripts = NO_SCRIPTS,
) -> tuple[ThresholdFigures, ...]:
    """The figures of each threshold, in the same order.

    ``scenario_names``, ``request_names``: what the rows' indices stand for; ``duration_s``: of the run, the divisor of a
    counter's rate; ``scripts``: what the scripts among the rows' scenarios checked.
    """
    measured = _Measured(rows, tuple(scenario_names), tuple(request_names), duration_s, scripts)
    return tuple(_all_figures(thresholds, measured))


def crossed(
    thresholds: Sequence[Threshold],
    rows: Rows,
    *,
    scenario_names: Sequence[str],
    request_names: Sequence[str],
    duration_s: float,
    scripts: Scripts = NO_SCRIPTS,
) -> Threshold | None:
    """The first threshold that would abort the run as it stands, ``duration_s`` after its start; its delay is the caller's.

    A request under way has no row yet: what fails fast is seen before what hangs. A script's checks are not counted yet
    either, so ``scripts`` are empty, and no threshold on them aborts.
    """
    aborting = [each for each in thresholds if each.abort]
    measured = _Measured(rows, tuple(scenario_names), tuple(request_names), duration_s, scripts)
    found = zip(aborting, _all_figures(aborting, measured), strict=True)
    return next((threshold for threshold, figures in found if figures.kept is False), None)


# From rows to samples -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Measured:
    rows: Rows
    scenario_names: tuple[str, ...]
    request_names: tuple[str, ...]
    duration_s: float
    scripts: Scripts


@dataclass(frozen=True, eq=False)
class _Samples:
    """Of one metric: µs for a trend, truth for a rate, anything for a counter."""

    values: Column
    due_ns: Column
    """Of each, in order; empty where no window asks for it. A script's checks have none."""

    def and_of_scripts(self, checks: Column) -> _Samples:
        return _Samples(np.concatenate([self.values, checks]), self.due_ns)


def _samples(selected: Threshold, measured: _Measured) -> _Samples:
    values, mask = _values(selected, measured)
    if selected.window_s is None:
        return _Samples(values, np.empty(0, np.int64))
    due_ns = measured.rows.due_ns[mask]
    order = np.argsort(due_ns, kind="stable")
    return _Samples(values[order], due_ns[order])


def _values(selected: Threshold, measured: _Measured) -> tuple[Column, Column]:
    """With the mask of the rows that they are of."""
    rows, metric = measured.rows, selected.metric
    mask = _counted(metric, rows, measured.scripts)
    for tag, value in selected.tags:
        mask &= _tagged(tag, value, measured)
    if selected.from_s:
        mask &= rows.due_ns >= _due_ns(selected, measured).min(initial=_NONE_NS) + ns(selected.from_s)
    if metric not in PHASES:
        return _truth(metric, rows)[mask], mask
    us, entered = took(metric, rows)
    mask &= entered
    return us[mask], mask


def _counted(metric: str, rows: Rows, scripts: Scripts) -> Column:
    if metric == "dropped_iterations":
        return np.asarray(rows.outcome == Outcome.DROPPED)
    whole = (rows.outcome != Outcome.CUT) & (rows.outcome != Outcome.DROPPED)
    if metric == "checks":
        return np.asarray(whole & by_status(rows, scripts))
    return np.asarray(whole & (rows.via == Via.REOPENED) if metric == "reopened" else whole)


def _truth(metric: str, rows: Rows) -> Column:
    return np.asarray(rows.outcome == Outcome.OK if metric == "checks" else rows.outcome != Outcome.OK)


def _tagged(tag: str, value: str, measured: _Measured) -> Column:
    return tagged(tag, value, measured.rows, measured.scenario_names, measured.request_names)


# From samples to figures --------------------------------------------------------------------------------------------


def _all_figures(thresholds: Sequence[Threshold], measured: _Measured) -> Iterator[ThresholdFigures]:
    """Neighbours about the same samples share them; to keep all would hold tens of bytes a row for each selector."""
    for _, group in groupby(thresholds, key=lambda each: (each.metric, each.tags, each.window_s, each.from_s)):
        alike = list(group)
        samples = _samples(alike[0], measured)
        if alike[0].metric == "checks" and alike[0].window_s is None:
            samples = samples.and_of_scripts(by_script(measured.scripts, alike[0].tags, measured.scenario_names))
        for threshold in alike:
            yield _figures(threshold, samples, measured)


def _figures(threshold: Threshold, samples: _Samples, measured: _Measured) -> ThresholdFigures:
    value, at_ns = _whole(threshold, samples, measured) if threshold.window_s is None else _worst(threshold, samples, measured)
    return ThresholdFigures(
        selector=threshold.selector,
        expression=threshold.expression,
        value=value,
        kept=None if value is None else bool(_HOLDS[threshold.operator](value, threshold.value)),
        at_s=None if at_ns is None else seconds(at_ns),
    )


_Found = tuple[float | None, int | None]
"""A value, and the end of its window."""
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
}


def _whole(threshold: Threshold, samples: _Samples, measured: _Measured) -> _Found:
    return _aggregate(threshold, samples.values, measured.duration_s - threshold.from_s), None


def _worst(threshold: Threshold, samples: _Samples, measured: _Measured) -> _Found:
    """The first of the worst. Windows are [begin, end): a request due at its end is the next one's."""
    assert threshold.window_s is not None
    begins = _begins(threshold, measured)
    ends = begins + ns(threshold.window_s)
    cuts = zip(np.searchsorted(samples.due_ns, begins), np.searchsorted(samples.due_ns, ends), ends.tolist(), strict=True)
    found = [(_aggregate(threshold, samples.values[first:last], threshold.window_s), end) for first, last, end in cuts]
    judged = [(value, end) for value, end in found if value is not None]
    return max(judged, key=lambda each: _badness(threshold, each[0]), default=(None, None))


def _begins(threshold: Threshold, measured: _Measured) -> Column:
    """Of every whole window, in ns."""
    due_ns = _due_ns(threshold, measured)
    if not len(due_ns) or threshold.window_s is None:
        return np.empty(0, np.int64)
    return np.arange(due_ns.min(), due_ns.max() - ns(threshold.window_s) + 1, NS_PER_S, dtype=np.int64)


def _due_ns(threshold: Threshold, measured: _Measured) -> Column:
    """Of the scenario. The span does not shrink with tags of the answer: resets in 2 s of 60 are watched for 60."""
    rows = measured.rows
    mask = rows.outcome != Outcome.CUT
    for tag, value in threshold.tags:
        if tag == "scenario":
            mask &= _tagged(tag, value, measured)
    return np.asarray(rows.due_ns[mask])


def _badness(threshold: Threshold, value: float) -> float:
    """How far a value is on the wrong side; more is worse."""
    match threshold.operator:
        case "<" | "<=":
            return value
        case ">" | ">=":
            return -value
        case "!=":
            return -abs(value - threshold.value)
    return abs(value - threshold.value)


def _aggregate(threshold: Threshold, values: Column, over_s: float) -> float | None:
    if threshold.kind == "counter":
        return _count(threshold, len(values), over_s)
    if not len(values):
        return None
    if threshold.kind == "rate":
        return int(np.count_nonzero(values)) / len(values)
    return _trend(threshold, values) / _US_PER_MS


def _count(threshold: Threshold, count: int, over_s: float) -> float:
    if threshold.aggregation == "count":
        return float(count)
    return count / over_s if over_s > 0 else 0.0


def _trend(threshold: Threshold, values: Column) -> float:
    """Percentiles interpolate linearly between neighbours, in k6 as in numpy (type 7 of Hyndman and Fan 1996)."""
    match threshold.aggregation:
        case "avg":
            return float(values.mean(dtype=np.float64))
        case "min":
            return float(values.min())
        case "max":
            return float(values.max())
    return float(np.percentile(values, 50.0 if threshold.percentile is None else threshold.percentile))
