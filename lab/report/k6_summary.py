"""The end of a run in the two shapes that k6 writes: ``--summary-export``, and its machine-readable summary, schema 1.0.0.

Pure; see ``k6_samples`` for what the metrics mean and how they differ from the judge's. Measured: 10 M rows in 2.5 s, 400 MB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, Protocol

import numpy as np

from lab.history.model.rows import NEVER, Column, Outcome, Rows, Via
from lab.judge.checked import Scripts, added, by_script, by_status
from lab.judge.tags import CHECK, tagged
from lab.report.k6_samples import EXPECTED_ONLY, METRICS, PHASES, asked, ok

SCHEMA_VERSION = "1.0.0"

_OURS: Mapping[str, tuple[str, str]] = {
    "http_req_due": ("trend", "time"),
    "error_rate": ("rate", "default"),
    "reopened": ("counter", "default"),
}
"""Metrics of ours that a threshold may name; they are in a summary only then."""
_SELECTOR = re.compile(r"(\w+)(?:\[[^\]]*\])?(?:\{(.*)\})?")


class Judged(Protocol):
    """A threshold with what became of it. ``kept`` None: there was nothing to hold against it."""

    @property
    def selector(self) -> str: ...
    @property
    def expression(self) -> str: ...
    @property
    def kept(self) -> bool | None: ...


@dataclass(frozen=True, eq=False)
class Run:
    """What a summary is made of. Names by the rows' indices; ``duration_s``: the divisor of a counter's rate."""

    rows: Rows
    scenario_names: Sequence[str]
    request_names: Sequence[str]
    duration_s: float
    thresholds: Sequence[Judged] = ()
    scripts: Scripts = field(default_factory=dict)
    """What the scripts among the scenarios checked, in place of each request's status."""


def legacy(run: Run) -> dict[str, Any]:
    """``--summary-export``. Beware: a threshold that was kept is ``false`` there. One without a sample is ``true``: the shape
    has no third value, and nothing is kept without evidence. k6 passes over an empty rate (``false``) and holds an empty
    trend against 0, so that ``p(95)<500`` is kept there and ``p(95)>5`` is not (measured, 1.5.0).
    """
    crossed: dict[str, dict[str, bool]] = {}
    for each in run.thresholds:
        of_metric = crossed.setdefault(each.selector, {})
        of_metric[each.expression] = of_metric.get(each.expression, False) or each.kept is not True
    metrics = {}
    for name, kind, _, values in _measured(run):
        flat = {"value" if kind == "rate" and key == "rate" else key: value for key, value in values.items()}
        metrics[name] = {**flat, **({"thresholds": crossed[name]} if name in crossed else {})}
    return {"metrics": metrics, "root_group": _root_group(run)}


def of_stage(selector: str, stage: str) -> str:
    """A stage's selector among those of the whole run: ``http_req_duration`` → ``http_req_duration{scenario:peak}``."""
    metric, brace, tags = selector.partition("{")
    said = tags.rstrip().removesuffix("}")
    named = any(tag.partition(":")[0].strip() == "scenario" for tag in said.split(","))
    return selector if named else f"{metric}{{{said + ',' if brace and said.strip() else ''}scenario:{stage}}}"


def machine_readable(run: Run, *, script: str, generated_at: str, version: str) -> dict[str, Any]:
    """Schema 1.0.0, spelt as k6 2.2.0 does. It has no thresholds. ``script``: k6 puts the source of its script there.
    ``generated_at``: RFC 3339; ``version`` (x.y.z) goes where k6's would be. All metrics are in it, as with
    k6's ``--summary-mode=full``.
    """
    measured = [
        {"name": name, "type": kind, "contains": contains, "values": _of_schema(kind, values)}
        for name, kind, contains, values in _measured(run)
    ]
    return {
        "version": SCHEMA_VERSION,
        "metadata": {"generatedAt": generated_at, "k6Version": version},
        "config": {"script": script, "duration": run.duration_s, "execution": "local"},
        "results": {"checks": _checks(run), "metrics": [each for each in measured if each["name"] != "checks"]},
    }


def _of_schema(kind: str, values: Mapping[str, float]) -> dict[str, float]:
    if kind == "counter":
        return {"count": values["count"]}
    if kind == "rate":
        return {"matches": values["passes"], "total": values["passes"] + values["fails"], "rate": values["rate"]}
    return dict(values)


def _by_name(run: Run) -> dict[str, tuple[int, int]]:
    """(passes, fails) of each check."""
    whole = asked(run.rows) & by_status(run.rows, run.scripts)
    total, passes = int(np.count_nonzero(whole)), int(np.count_nonzero(whole & ok(run.rows)))
    return added([{CHECK: (passes, total - passes)} if total else {}, *run.scripts.values()])


def _checks(run: Run) -> dict[str, Any]:
    """k6 leaves ``checks`` empty when nothing was checked."""
    by_name = _by_name(run)
    passes, total = sum(passes for passes, _ in by_name.values()), sum(map(sum, by_name.values()))
    if not total:
        return {}

    def share(name: str, matches: int) -> dict[str, Any]:
        values = {"matches": matches, "total": total, "rate": matches / total}
        return {"name": name, "type": "rate", "contains": "default", "values": values}

    count = {"name": "checks_total", "type": "counter", "contains": "default", "values": {"count": total}}
    return {
        "metrics": [count, share("checks_failed", total - passes), share("checks_succeeded", passes)],
        "results": [{"name": name, "passes": passes, "fails": fails} for name, (passes, fails) in by_name.items()],
    }


def _root_group(run: Run) -> dict[str, Any]:
    """k6's ids are the MD5 of the path; the root's is that of nothing."""
    checks = {
        name: {"name": name, "path": f"::{name}", "id": _id(f"::{name}"), "passes": passes, "fails": fails}
        for name, (passes, fails) in _by_name(run).items()
    }
    return {"name": "", "path": "", "id": _id(""), "groups": {}, "checks": checks}


def _id(path: str) -> str:
    return md5(path.encode(), usedforsecurity=False).hexdigest()


# Metrics ------------------------------------------------------------------------------------------------------------

_Measured = tuple[str, str, str, dict[str, float]]


def _measured(run: Run) -> list[_Measured]:
    """(name, type, contains, values) of every metric that has samples or a threshold; sub-metrics only those that a threshold
    names, and the one that k6 always has.
    """
    named = [each.selector for each in run.thresholds]
    selectors = dict.fromkeys([*METRICS, f"http_req_duration{{{EXPECTED_ONLY}}}", *named])
    samples = _Samples(run)
    found = []
    for selector in selectors:
        metric, tags = _selected(selector)
        kind, contains = {**METRICS, **_OURS}[metric]
        values = samples.of(metric, tags)
        if len(values) or selector in named:
            found.append((selector, kind, contains, _VALUES[kind](values, run.duration_s)))
    return found


def _selected(selector: str) -> tuple[str, list[tuple[str, str]]]:
    """The metric and its tags. A window is not k6's: the summary is of the whole run."""
    found = _SELECTOR.fullmatch(selector)
    if found is None or found[1] not in {**METRICS, **_OURS}:
        raise ValueError(f"selector {selector!r}: expected METRIC{{TAG:VALUE,…}} with one of {', '.join([*METRICS, *_OURS])}")
    tags = [tag.partition(":") for tag in (found[2] or "").split(",") if tag]
    return found[1], [(tag.strip(), value.strip()) for tag, _, value in tags]


class _Samples:
    """Of a metric: µs for a trend, truth for a rate, anything for a counter."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rows = run.rows
        self._asked = asked(run.rows)
        self._ok = ok(run.rows)

    def of(self, metric: str, tags: Sequence[tuple[str, str]]) -> Column:
        run, chosen = self._run, self._counted(metric)
        for tag, value in tags:
            chosen = chosen & tagged(tag, value, self._rows, run.scenario_names, run.request_names)
        values = self._values(metric)[chosen]
        return np.concatenate([values, by_script(run.scripts, tags, run.scenario_names)]) if metric == "checks" else values

    def _counted(self, metric: str) -> Column:
        if metric == "dropped_iterations":
            return np.asarray(self._rows.outcome == Outcome.DROPPED)
        if metric == "checks":
            return np.asarray(self._asked & by_status(self._rows, self._run.scripts))
        return np.asarray(self._asked & (self._rows.via == Via.REOPENED)) if metric == "reopened" else self._asked

    def _values(self, metric: str) -> Column:
        match metric:
            case "http_req_failed" | "error_rate":
                return ~self._ok
            case "http_req_due":
                end_us = self._rows.end_us
                return np.where(end_us == NEVER, 0, end_us)
        return PHASES[metric](self._rows) if metric in PHASES else self._ok


def _trend(us: Column, _duration_s: float) -> dict[str, float]:
    """ms. Percentiles interpolate between neighbours, in k6 as in numpy. Without samples k6 writes zeros."""
    if not len(us):
        return dict.fromkeys(("avg", "min", "med", "max", "p(90)", "p(95)"), 0.0)
    med, p90, p95 = np.percentile(us, (50, 90, 95)).tolist()
    figures = {
        "avg": us.mean(dtype=np.float64),
        "min": us.min(),
        "med": med,
        "max": us.max(),
        "p(90)": p90,
        "p(95)": p95,
    }
    return {name: float(value) / 1000 for name, value in figures.items()}


def _rate(truth: Column, _duration_s: float) -> dict[str, float]:
    passes = int(np.count_nonzero(truth))
    return {"passes": passes, "fails": len(truth) - passes, "rate": passes / len(truth) if len(truth) else 0.0}


def _counter(values: Column, duration_s: float) -> dict[str, float]:
    return {"count": len(values), "rate": len(values) / duration_s if duration_s > 0 else 0.0}


_VALUES: Mapping[str, Callable[[Column, float], dict[str, float]]] = {"trend": _trend, "rate": _rate, "counter": _counter}
