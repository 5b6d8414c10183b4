"""What the users of a load test met, and whether the load was made that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.drill.model import Load, Probe
from lab.history.model.events import Event, LoadEvent, RunEvent, SensorEvent, StageEvent, TargetEvent
from lab.history.model.history import History
from lab.history.model.rows import NEVER, OTHER, Outcome, Row, Rows, Via
from lab.judge.judge import judge
from lab.judge.load import latency
from lab.judge.verdict import LoadFigures, StageVerdict
from lab.report.terminal import report
from tests.histories import ORDER, STAGE, ns, plan, stage

USERS = Load(executor="constant-vus", vus=10, duration=10.0, request={"order": 1, "coupon": 1})
ARRIVALS = Load(executor="constant-arrival-rate", vus=10, rate=100.0, duration=10.0, request={"order": 1})


def sent(due: float, took_ms: float = 20.0, **more: Any) -> Row:
    """Sent 1 ms after it was due, on a new connection, and answered with 200."""
    fields = {"start_us": 500, "connected_us": 800, "sent_us": 1000, "first_byte_us": 1500, "status": 200, "request": ORDER}
    return Row(**{"due_ns": ns(due), "end_us": round(1000 + took_ms * 1000), **fields, **more})


def many(count: int, **more: Any) -> list[Row]:
    return [sent(i / 100, **more) for i in range(count)]


def a_run(
    rows: Sequence[Row],
    load: Load = USERS,
    *,
    cpu: float = 0.3,
    late_ms: float = 0.0,
    events: Sequence[Event] = (),
    exit_code: int = 0,
    **more: Any,
) -> History:
    """A run of one load test that began and ended properly, its rows the load's."""
    end = 12.0
    around: list[Event] = [
        RunEvent(t_ns=0, phase="begin"),
        StageEvent(t_ns=0, stage=STAGE, phase="begin"),
        LoadEvent(t_ns=ns(0.1), stage=STAGE, phase="begin", planned_ns=ns(0.1)),
        LoadEvent(
            t_ns=ns(end),
            stage=STAGE,
            phase="end",
            cpu_share=cpu,
            late_ms=late_ms,
            exit=exit_code,
            detail="disk full" if exit_code else "",
        ),
        *events,
        StageEvent(t_ns=ns(end), stage=STAGE, phase="end"),
        RunEvent(t_ns=ns(end), phase="end"),
    ]
    of = stage(judge="load", fault=None, load=load, **more)
    return History(plan(of), tuple(sorted(around, key=lambda e: e.t_ns)), load=Rows.of(rows))


def found(rows: Sequence[Row], load: Load = USERS, **more: Any) -> StageVerdict:
    (only,) = judge(a_run(rows, load, **more)).stages
    return only


def figures(rows: Sequence[Row], load: Load = USERS) -> LoadFigures:
    known = found(rows, load).load
    assert known is not None
    return known


def test_a_load_test_whose_load_was_made_and_kept_its_thresholds_passes() -> None:
    known = found(many(1000), thresholds={"http_req_failed": ("rate<0.01",)})
    assert (known.verdict, known.reasons, known.episodes) == ("pass", (), ())
    assert [(each.value, each.kept) for each in known.thresholds] == [(0.0, True)]


def test_a_missed_threshold_fails_it() -> None:
    known = found([*many(990), *many(11, outcome=Outcome.RESET, status=0)], thresholds={"http_req_failed": ("rate<0.01",)})
    assert known.verdict == "fail"
    assert known.reasons == ("threshold http_req_failed rate<0.01: 0.011",)


def test_a_threshold_of_the_whole_drill_is_held_over_all_stages() -> None:
    history = a_run(many(1000))
    drill = replace(history.plan.drill, thresholds={"http_reqs": ("count>1000",)})
    verdict = judge(replace(history, plan=replace(history.plan, drill=drill)))
    assert (verdict.verdict, verdict.reasons) == ("fail", ("threshold http_reqs count>1000: 1000",))
    assert verdict.stages[0].verdict == "pass"


def test_a_threshold_without_a_request_is_unknown_not_passed_over() -> None:
    known = found(many(1000), thresholds={"http_req_duration{name:coupon}": ("p(95)<500",)})
    assert known.verdict == "unknown"
    assert "no request to hold against it" in known.reasons[0]


def test_service_counts_from_the_send_and_due_from_when_it_was_due() -> None:
    known = figures(many(100, took_ms=20.0))
    assert known.service is not None
    assert known.due is not None
    assert known.connecting is not None
    assert (known.service.med_ms, known.due.med_ms, known.connecting.med_ms) == (20.0, 21.0, 0.3)


@pytest.mark.parametrize(("figure", "metric"), [("service", "http_req_duration"), ("connecting", "http_req_connecting")])
def test_a_figure_and_the_threshold_on_its_metric_say_the_same(figure: str, metric: str) -> None:
    """New, kept and reopened connections; refused, reset before it was sent, and never begun."""
    refused = {"outcome": Outcome.CONNECT_REFUSED, "status": 0, "connected_us": NEVER, "sent_us": NEVER}
    rows = [*many(20), *many(60, via=Via.KEPT), *many(3, via=Via.REOPENED, connected_us=950)]
    rows += [*many(5, **refused), *many(2, outcome=Outcome.RESET, status=0, sent_us=NEVER), sent(1.0, start_us=NEVER)]
    known = found(rows, thresholds={metric: ("avg<1000", "max<1000", "p(95)<1000", "med<1000", "min<1000")})
    told = getattr(known.load, figure)
    of_figure = [told.avg_ms, told.max_ms, told.p95_ms, told.med_ms, told.min_ms]
    assert [each.value for each in known.thresholds] == pytest.approx(of_figure)


def test_an_answer_later_than_the_probes_limit_is_slow_and_not_failed() -> None:
    rows = [*many(20, took_ms=900.0), *many(3, took_ms=1100.0), *many(2, took_ms=1100.0, outcome=Outcome.RESET, status=0)]
    assert (figures(rows).slow, figures(rows).failed) == (3, 2)
    patient = found(rows, probe=Probe(slow=2.0)).load
    assert patient is not None
    assert patient.slow == 0


def test_a_kept_connection_takes_no_time_to_open() -> None:
    known = figures([*many(99, via=Via.KEPT), *many(1)])
    assert known.connecting is not None
    assert (known.connecting.med_ms, known.connecting.max_ms) == (0.0, 0.3)


SCRIPTED = replace(USERS, request={}, python="shop.py")


def told(shard: int = 0, **checks: tuple[int, int]) -> LoadEvent:
    return LoadEvent(
        t_ns=ns(11.0), stage=STAGE, phase="end", shard=shard, checks={k.replace("_", " "): v for k, v in checks.items()}
    )


@pytest.mark.parametrize(
    ("selector", "value", "kept"),
    [
        ("checks", 0.95, True),
        ("checks{check:has stock}", 0.9, False),
        ("checks{check:is an order}", 1.0, True),
        ("checks{scenario:wire,check:has stock}", 0.9, False),
        ("checks{check:status}", None, None),
    ],
)
def test_where_a_script_asks_the_checks_are_the_scripts(selector: str, value: float | None, kept: bool | None) -> None:
    """Of two shards; and not what the requests came to: half of them failed, and the script found that right."""
    rows = [*many(50), *many(50, status=500, outcome=Outcome.BAD_STATUS)]
    shards = [told(0, has_stock=(60, 10), is_an_order=(50, 0)), told(1, has_stock=(30, 0), is_an_order=(50, 0))]
    (judged,) = found(rows, SCRIPTED, events=shards, thresholds={selector: ("rate>0.92",)}).thresholds
    assert (judged.value, judged.kept) == (value, kept)


def test_a_script_that_checked_nothing_keeps_no_threshold_on_its_checks() -> None:
    known = found(many(100), SCRIPTED, thresholds={"checks": ("rate>0.9",)})
    assert (known.verdict, known.reasons) == ("unknown", ("threshold checks rate>0.9: no check to hold against it",))


def test_over_a_whole_drill_checks_are_those_of_scripts_and_the_others_statuses() -> None:
    """The script's stage is the second; its 100 requests are no checks, its 8 checks are."""
    history = a_run([*many(6), *many(2, outcome=Outcome.RESET, status=0), *many(100, scenario=1)])
    scripted = replace(history.plan.drill.stages[0], stage="scripted", load=SCRIPTED)
    thresholds = dict.fromkeys(("checks", "checks{scenario:scripted}", "checks{check:status}"), ("rate>0",))
    drill = replace(history.plan.drill, stages=(*history.plan.drill.stages, scripted), thresholds=thresholds)
    events = (*history.events, replace(told(mine=(1, 7)), stage="scripted"))
    verdict = judge(replace(history, plan=replace(history.plan, drill=drill), events=events))
    assert [each.value for each in verdict.thresholds] == [7 / 16, 1 / 8, 6 / 8]


def test_statuses_and_what_brought_none_are_counted_by_request() -> None:
    rows = [*many(5), *many(2, status=400), *many(1, status=500, outcome=Outcome.BAD_STATUS)]
    rows += [*many(3, status=0, outcome=Outcome.RESET), *many(4, request=0)]
    order = figures(rows).by_request["order"]
    assert (order.requests, order.failed, order.statuses, order.unanswered) == (
        11,
        4,
        {"200": 5, "400": 2, "500": 1},
        {"reset": 3},
    )
    assert figures(rows).by_request["coupon"].requests == 4


def test_what_a_script_asked_beside_the_targets_requests_is_counted_as_other() -> None:
    rows = [*many(5), *many(3, request=OTHER), *many(2, request=OTHER, outcome=Outcome.BAD_STATUS, status=500)]
    known = found(rows, thresholds={"http_req_duration{expected_response:true}": ("p(95)<500",), "http_reqs": ("count==10",)})
    assert known.load is not None
    assert {name: each.requests for name, each in known.load.by_request.items()} == {"order": 5, "other": 5}
    assert [each.kept for each in known.thresholds] == [True, True]
    history = a_run(rows)
    assert "other_other 5 (200 ×3, 500 ×2)" in "\n".join(report(history, judge(history)))


def test_what_was_dropped_or_cut_is_counted_beside_the_requests() -> None:
    gone = [sent(1.0, outcome=Outcome.DROPPED, start_us=NEVER, sent_us=NEVER), sent(1.0, outcome=Outcome.CUT)]
    known = figures([*many(100), *gone, sent(1.0, via=Via.REOPENED)])
    assert (known.requests, known.dropped, known.cut, known.reopened) == (101, 1, 1, 1)


def test_a_freeze_that_each_user_met_once_is_corrected_for_what_they_did_not_ask() -> None:
    """Ten users at 10 ms each, and 1.5 s in which nobody was answered: 10 of 5,010 requests met it, 1 % of the time is 15 %."""
    rows = [sent(i / 1000, took_ms=9.0) for i in range(5000)] + [sent(5.0, took_ms=1500.0, vu=vu) for vu in range(10)]
    known = figures(rows)
    assert known.due is not None
    assert known.corrected is not None
    assert known.due.p99_ms < 11
    assert known.corrected.p99_ms > 1300
    assert found(rows, ARRIVALS).load.corrected is None  # type: ignore[union-attr]  # there was one


def test_what_is_made_up_is_the_same_whether_at_once_or_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [sent(i / 1000, took_ms=9.0 if i % 50 else i) for i in range(2000)]
    at_once = figures(rows)
    monkeypatch.setattr("lab.judge.load.CORRECTED_AT_ONCE", 100)
    assert figures(rows) == at_once


def test_an_open_model_needs_no_correction() -> None:
    assert figures(many(100), ARRIVALS).corrected is None


@pytest.mark.parametrize(
    ("rows", "load", "more", "reason"),
    [
        ([], USERS, {}, "the load sent nothing"),
        ([*many(900), *many(100, start_us=110_000)], USERS, {}, "the generator was late: 100 of 1000 requests by over 100 ms"),
        (many(1000), USERS, {"cpu": 0.95}, "the generator took 95% of a core; fewer users, or --shards 2"),
        ([*many(900), *many(100, outcome=Outcome.DROPPED)], ARRIVALS, {}, "100 of 1000 arrivals found no free user"),
        ([*many(10), *many(90, outcome=Outcome.DROPPED, end_us=0)], USERS, {}, "90 of 100 iterations were never begun"),
        (
            [*many(900), *many(100, outcome=Outcome.DROPPED, start_us=NEVER, end_us=110_000)],
            ARRIVALS,
            {"thresholds": {"dropped_iterations": ("count<500",)}},
            "the generator was late: 100 of 1000 requests by over 100 ms",
        ),
        (many(1000), USERS, {"exit_code": 1}, "the load died: disk full"),
    ],
)
def test_a_load_that_was_not_made_as_asked_makes_it_unknown(rows: list[Row], load: Load, more: Any, reason: str) -> None:
    known = found(rows, load, **more)
    assert known.verdict == "unknown"
    assert known.reasons[0].startswith(reason)


def pressed(share: float) -> list[Event]:
    """Readings of the machine in which somebody waited for a CPU for that share of the time."""
    return [SensorEvent(t_ns=ns(t), stage=STAGE, readings={"cpu_pressure_us": 7e6 + share * t * 1e6}) for t in (1.0, 6.0, 11.0)]


@pytest.mark.parametrize(
    ("cpu", "events", "remedy"),
    [
        (0.3, [], "fewer users, or --shards 2"),
        (0.3, pressed(0.1), "fewer users, or --shards 2"),
        (0.8, pressed(0.7), "fewer users, or --shards 2"),
        (0.3, pressed(0.7), "the machine was busy (CPU pressure 70% of the time): run it again on an idle machine"),
        (0.3, pressed(0.7)[:1], "fewer users, or --shards 2"),
    ],
    ids=["nothing known", "an idle machine", "it took the CPU itself", "others took it", "read once"],
)
def test_who_is_late_beside_others_is_sent_to_an_idle_machine(cpu: float, events: list[Event], remedy: str) -> None:
    (reason,) = found([*many(900), *many(100, start_us=110_000)], cpu=cpu, events=events).reasons
    assert reason == f"the generator was late: 100 of 1000 requests by over 100 ms; {remedy}"


@pytest.mark.parametrize(("share", "remedy"), [(0.1, ""), (0.7, "; the machine was busy (CPU pressure 70% of the time): ")])
def test_a_load_that_began_late_beside_others_is_told_so_too(share: float, remedy: str) -> None:
    (reason,) = found(many(1000), late_ms=140.0, events=pressed(share)).reasons
    assert reason.startswith(f"the load started 140 ms late{remedy}")
    assert reason.endswith("idle machine" if remedy else "late")


def test_what_a_script_raised_is_told_with_the_file_that_has_it() -> None:
    raised = LoadEvent(t_ns=ns(11.0), stage=STAGE, phase="end", shard=1, script_errors={"LookupError at shop.py:11": 5})
    (reason,) = found(many(100), SCRIPTED, events=[raised]).reasons
    assert reason == "the script raised LookupError at shop.py:11, 5 times; the first tracebacks are in logs/load-0.log"


@pytest.mark.parametrize(
    ("how", "most_ms"),
    [
        ({"executor": "constant-vus", "duration": 10.0, "graceful_stop": 0.0}, 100),
        ({"executor": "constant-vus", "duration": 600.0, "graceful_stop": 0.0}, 600),
        ({"executor": "per-vu-iterations", "iterations": 1, "max_duration": 600.0}, 100),
    ],
    ids=["ten seconds", "ten minutes", "a burst, however patient"],
)
def test_a_load_may_begin_late_by_a_thousandth_of_its_length(how: dict[str, Any], most_ms: float) -> None:
    load = Load(vus=10, request={"order": 1}, **how)
    assert found(many(300), load, late_ms=most_ms).verdict == "pass"
    assert found(many(300), load, late_ms=most_ms + 1).reasons == (f"the load started {most_ms + 1} ms late",)


def test_a_burst_may_take_all_of_a_core() -> None:
    assert found(many(300), cpu=1.0).verdict == "pass"


def test_drops_that_a_threshold_judges_are_no_doubt() -> None:
    rows = [*many(900), *many(100, outcome=Outcome.DROPPED, start_us=NEVER)]
    known = found(rows, ARRIVALS, thresholds={"dropped_iterations": ("count<50",)})
    assert (known.verdict, known.reasons) == ("fail", ("threshold dropped_iterations count<50: 100",))


def test_a_target_that_died_by_itself_fails_it() -> None:
    death = TargetEvent(t_ns=ns(5), stage=STAGE, state="died", detail="SIGSEGV")
    known = found(many(1000), events=[death])
    assert (known.verdict, known.reasons) == ("fail", ("the target died: SIGSEGV",))


def test_a_load_test_that_did_not_end_is_unknown() -> None:
    history = a_run(many(1000))
    cut = replace(history, events=tuple(e for e in history.events if not (isinstance(e, StageEvent) and e.phase == "end")))
    (known,) = judge(cut).stages
    assert (known.verdict, known.reasons) == ("unknown", ("the stage did not end",))


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=50))
def test_a_latency_is_ordered_and_within_what_was_measured(us: list[int]) -> None:
    known = latency(np.array(us, dtype=np.uint32))
    assert known is not None
    order = [known.min_ms, known.med_ms, known.p90_ms, known.p95_ms, known.p99_ms, known.max_ms]
    assert order == sorted(order)
    assert known.min_ms - 1e-6 <= known.avg_ms <= known.max_ms + 1e-6
