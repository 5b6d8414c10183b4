"""The sections of docs/definitions.md about load tests say what the code does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import astuple, fields, replace

import numpy as np
import pytest
from pages import codes, section, table, text_of

from lab.drill.model import Load
from lab.history.model.events import Event, LoadEvent, RunEvent, StageEvent
from lab.history.model.history import History
from lab.history.model.rows import Outcome, Row, Rows
from lab.judge import generator, trend
from lab.judge import load as load_of
from lab.judge.judge import judge
from lab.judge.verdict import LoadFigures
from tests.histories import ORDER, STAGE, ns, plan, stage

PAGE = "definitions.md"
UNKNOWN = [said for reason, *_ in table(PAGE, "Unknown", "reason") for said in codes(reason)]
ARRIVALS = Load(executor="constant-arrival-rate", vus=10, rate=100.0, duration=10.0, request={"order": 1})
BURST = Load(executor="shared-iterations", vus=10, iterations=1000, request={"order": 1})
SHARE = f"{generator.LATE:.0%}".replace("%", " %")


def sent(due: float, start_us: int = 0, outcome: Outcome = Outcome.OK) -> Row:
    end_us = start_us + 2000
    return Row(due_ns=ns(due), start_us=start_us, sent_us=start_us, end_us=end_us, status=200, request=ORDER, outcome=outcome)


def reasons(
    rows: Sequence[Row], cpu: float = 0.1, load: Load = ARRIVALS, script_errors: dict[str, int] | None = None, **more: object
) -> tuple[str, ...]:
    of = stage(judge="load", fault=None, load=load, **more)
    events: list[Event] = [
        RunEvent(t_ns=0, phase="begin"),
        StageEvent(t_ns=0, stage=STAGE, phase="begin"),
        LoadEvent(t_ns=0, stage=STAGE, phase="begin", planned_ns=0),
        LoadEvent(t_ns=ns(10), stage=STAGE, phase="end", cpu_share=cpu, script_errors=script_errors or {}),
        StageEvent(t_ns=ns(10), stage=STAGE, phase="end"),
        RunEvent(t_ns=ns(10), phase="end"),
    ]
    (only,) = judge(History(plan(of), tuple(events), load=Rows.of(rows))).stages
    assert only.verdict == ("unknown" if only.reasons else "pass")
    return only.reasons


MANY = [sent(i / 100) for i in range(1000)]
DROPS = [*MANY[:900], *(replace(sent(9 + i / 100, outcome=Outcome.DROPPED), end_us=0) for i in range(100))]
FOUND = {
    "sent nothing": reasons([]),
    "late": reasons([*MANY[:900], *(sent(9 + i / 100, start_us=110_000) for i in range(100))]),
    "script": reasons(MANY, script_errors={"KeyError at shop.py:3": 2}),
    "busy": reasons(MANY, cpu=0.95),
    "dropped": reasons(DROPS),
    "never begun": reasons(DROPS, load=BURST),
    "empty": reasons(MANY, thresholds={"http_req_duration{name:coupon}": ("p(95)<1",)}),
}


def test_a_load_that_was_made_as_asked_has_no_reason() -> None:
    assert reasons(MANY) == ()


@pytest.mark.parametrize("said", FOUND.values(), ids=FOUND)
def test_every_reason_of_a_load_test_is_explained(said: tuple[str, ...]) -> None:
    (only,) = said
    patterns = [".*".join(map(re.escape, row.split("…"))) for row in UNKNOWN]
    assert any(re.search(pattern, only) for pattern in patterns), only


def test_every_figure_of_a_load_is_explained() -> None:
    told = {name for cell, _ in table(PAGE, "Load tests: service, due, corrected", "figure of `load`") for name in codes(cell)}
    not_measured = {"begin_s", "end_s", "most_vus", "closed", "by_request", "generator"}
    assert told == {field.name for field in fields(LoadFigures)} - not_measured


@pytest.mark.parametrize(
    "figure",
    [
        f"over {generator.BUSY:.0%} of a core, in a load of {generator.BUSY_FROM_S:g} s or more".replace("%", " %"),
        f"more than {SHARE} of the requests began more than {generator.LATE_US // 1000} ms after they were due",
        f"more than {generator.DROPPED:.0%} of the iterations dropped".replace("%", " %"),
        f"more than {load_of.MOST_CORRECTED // 10**6} million latencies",
        f"{trend.MIN_READINGS} readings in {trend.MIN_SPAN_S:g} s",
        f"Less than {trend.MATERIAL:.0%}".replace("%", " %"),
        f"its {trend.CONFIDENCE:.0%} interval".replace("%", " %"),
    ],
)
def test_the_limits_on_the_page_are_those_of_the_code(figure: str) -> None:
    assert figure in " ".join(text_of(PAGE).split())


def corrected(us: Sequence[int]) -> list[int]:
    """By the formula on the page, one latency at a time."""
    cycle = int(np.median(us))
    made_up = [each - k * cycle for each in us if each > 2 * cycle for k in range(1, each // cycle) if each - k * cycle >= cycle]
    return sorted([*us, *made_up])


@pytest.mark.parametrize("us", [[10] * 9 + [100], [10] * 9 + [109], [10, 20, 21, 35], [7] * 5 + [70, 71, 6], [10]])
def test_the_correction_is_the_formula_on_the_page(us: list[int]) -> None:
    assert "C = median(end − due)        for each L > 2 C, add   L − C,  L − 2 C,  …" in section(
        PAGE, "Load tests: service, due, corrected"
    )
    rows = Rows.of([Row(due_ns=i, start_us=0, sent_us=0, end_us=each, status=200) for i, each in enumerate(us)])
    found = load_of.load_figures(rows, Load(executor="constant-vus", request={"order": 1}), ["coupon", "order"], (), slow_s=1.0)
    assert found is not None
    by_hand = load_of.latency(np.array(corrected(us), dtype=np.int64))
    assert found.corrected is not None
    assert by_hand is not None
    assert astuple(found.corrected) == pytest.approx(astuple(by_hand))
