"""Literal verdicts and a whole accept-queue run, for the tests of what is said about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lab.drill.model import Budgets, FaultCall, Load, Measure, Respond
from lab.drill.units import UNTIL_RECOVERED
from lab.history.model.events import Event, LoadEvent, TargetEvent
from lab.history.model.history import History
from lab.judge.judge import judge
from lab.judge.verdict import (
    EXIT,
    EpisodeVerdict,
    EvidenceFigures,
    InvariantVerdict,
    ProbeFigures,
    Ruling,
    StageVerdict,
    Verdict,
)
from lab.report.terminal import report
from tests.histories import STAGE, alarm, baseline, counted, crash, heal, inject, ns, ok, restart, run, stage, stream, unconnected

NO_PROBE = ProbeFigures(requests=0, late=0, cut=0, lag_p50_s=None, lag_p99_s=None, lag_max_s=None, outcomes={})
NO_EVIDENCE = EvidenceFigures(
    fault=None,
    done="",
    landed=None,
    counters={},
    counters_before={},
    measures=(),
    actions=(),
    planned=0,
    alpha=0.001,
    baseline=None,
    probe=NO_PROBE,
)


def of_stage(name: str, ruling: Ruling, *reasons: str, **more: Any) -> StageVerdict:
    fields: dict[str, Any] = {"evidence": NO_EVIDENCE, "budgets": {}, "users": None, "episodes": ()}
    return StageVerdict(stage=name, verdict=ruling, reasons=reasons, **{**fields, **more})


def of_drill(ruling: Ruling, *stages: StageVerdict, reasons: tuple[str, ...] = (), **more: Any) -> Verdict:
    return Verdict(drill="conn-reset", verdict=ruling, exit=EXIT[ruling], reasons=reasons, stages=stages, **more)


def of_check(check: str, ruling: Ruling = Ruling.PASS, *reasons: str, in_doubt: int = 0) -> InvariantVerdict:
    return InvariantVerdict(check=check, verdict=ruling, reasons=reasons, in_doubt=in_doubt)


def said(history: History, width: int = 120) -> str:
    """The whole report of a history, as the judge sees it."""
    return "\n".join(report(history, judge(history), width))


def first_episode(**more: Any) -> EpisodeVerdict:
    """That of a plain crash, with ``more`` in place of what was measured."""
    return replace(judge(crash()).stages[0].episodes[0], **more)


def with_episode(history: History, **more: Any) -> Verdict:
    """The verdict of ``history`` with a changed first episode."""
    verdict = judge(history)
    changed = replace(verdict.stages[0], episodes=(replace(verdict.stages[0].episodes[0], **more),))
    return replace(verdict, stages=(changed,))


RETRYING = Load(executor="constant-vus", vus=300, connections="fresh", request={"coupon": 1})
RESTART = {
    "auto-restart": Measure(respond=(Respond(when="errors", do="restart"),)),
    "network-settings": Measure(target={"backlog": 1024}),
}


def accept_queue(*, backlog: int = 1024, recovered: float = 6.6, end: float = 18.0, **more: Any) -> History:
    """Fresh connections time out from 5.5 on; a restart at 6.0 is ready at 6.35 with ``backlog``."""
    fields: dict[str, Any] = {
        "fault": FaultCall("backlog", {"size": 16}),
        "lasts": UNTIL_RECOVERED,
        "load": RETRYING,
        "measures": RESTART,
        "within": Budgets(detect=1.0, recover=2.0, bad_seconds=1.5),
    }
    rows = [*stream(0.5, 5.5), *stream(5.5, recovered, fresh=unconnected), *stream(recovered, end)]
    events: list[Event] = [
        TargetEvent(t_ns=ns(0.3), stage=STAGE, state="ready", pid=12, settings={"backlog": 1024, "slots": 24}),
        LoadEvent(t_ns=ns(0.3), stage=STAGE, phase="begin", planned_ns=ns(0.3)),
        *baseline(0.5, 5.5, ListenOverflows=0),
        *inject(5.5, fault="backlog", done="backlog 1024→16, configured and live (pid 12)"),
        *counted(5.7, ListenOverflows=9412),
        *alarm(6.0),
        *(ready_with(event, backlog) for event in restart(6.001, 6.35)),
        *heal(end - 4, reason="recovered" if recovered < end - 4 else "deadline"),
    ]
    return run(rows, events, end=end, of=stage(**{**fields, **more}), load=[ok(0.5 + i / 50) for i in range(int(end * 50) - 50)])


def ready_with(event: Event, backlog: int) -> Event:
    if isinstance(event, TargetEvent) and event.state == "ready":
        return replace(event, settings={"backlog": backlog, "slots": 24})
    return event
