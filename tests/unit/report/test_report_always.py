"""Whatever a run recorded, the judge's verdict on it can be told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.history.model.history import History
from lab.judge.judge import judge
from lab.report.conclusion import last_line
from lab.report.diff import side_by_side
from lab.report.markdown import markdown
from lab.report.terminal import report
from tests.histories import crash, hang, of_load, refused, reset, stage, stream
from tests.unit.report.verdicts import RETRYING, accept_queue

LOAD = of_load([*stream(0.5, 5.5), *stream(5.5, 8.7, fresh=reset, kept=reset), *stream(8.7, 15)])
RUNS = [
    crash(),
    crash(bad_s=0.0),
    crash(bad_s=5.0, make=hang, detected=2.0),
    crash(bad_s=9.5, make=refused),
    crash(load=LOAD, of=stage(load=RETRYING), checks=("no_oversell", "no_lost_order", "no_duplicate_order")),
    accept_queue(),
    accept_queue(backlog=16, recovered=18.0),
    accept_queue(lasts=3.0),
]


@st.composite
def damaged(draw: st.DrawFn) -> History:
    """A run of which some events, or all rows from some request on, were never written."""
    history = draw(st.sampled_from(RUNS))
    lost = draw(st.sets(st.integers(0, len(history.events) - 1), max_size=6))
    left = tuple(event for index, event in enumerate(history.events) if index not in lost)
    rows = draw(st.sampled_from([len(history.probe), 900, 300, 0]))
    return replace(history, events=left, probe=history.probe.where(slice(0, rows)))  # type: ignore[arg-type]  # numpy takes it


@settings(max_examples=40, deadline=None)
@given(damaged(), st.integers(20, 160))
def test_every_verdict_of_the_judge_can_be_told(history: History, width: int) -> None:
    verdict = judge(history)
    lines = report(history, verdict, width)
    assert lines[-1] or lines
    assert any(line.startswith(verdict.verdict.upper()) for line in lines)
    assert verdict.verdict.upper() in markdown(history, verdict)
    assert last_line(verdict).startswith(verdict.verdict.upper())
    assert side_by_side(verdict, judge(RUNS[0]))


@settings(max_examples=20, deadline=None)
@given(damaged())
def test_every_reason_is_in_the_report(history: History) -> None:
    verdict = judge(history)
    flat = " ".join(" ".join(report(history, verdict)).split())
    reasons = [reason for stage in verdict.stages for reason in stage.reasons]
    assert all(" ".join(reason.split()) in flat for reason in [*reasons, *verdict.reasons])
