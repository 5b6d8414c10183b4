"""What was bad while an action was under way: from its begin until the target was ready, or it was done."""

from __future__ import annotations

from collections.abc import Iterable

from lab.drill.model import Load
from lab.history.model.events import ActionEvent, Event
from lab.history.model.history import History
from lab.history.model.rows import Via
from lab.judge.judge import judge
from lab.judge.verdict import ActionFigures, CostFigures
from lab.report.costs import costs
from lab.report.terminal import report
from tests.histories import STAGE, baseline, counted, heal, inject, ns, ok, refused, reset, restart, run, stage, stream


def action(begin: float, end: float | None, name: str = "set") -> list[Event]:
    begun = ActionEvent(t_ns=ns(begin), stage=STAGE, phase="begin", action=name)
    return [begun] if end is None else [begun, ActionEvent(t_ns=ns(end), stage=STAGE, phase="end", action=name)]


def acted(events: Iterable[Event], load: Iterable[object] = (), bad_until: float = 6.5) -> History:
    rows = [*stream(0.5, 5.5), *stream(5.5, bad_until, fresh=refused, kept=reset), *stream(bad_until, 15)]
    told = [*baseline(0.5, 5.5, deaths=0), *inject(5.5), *counted(5.6, deaths=1), *heal(8.5), *events]
    return run(rows, told, end=15, load=load)  # type: ignore[arg-type]  # rows


def acts(history: History) -> tuple[ActionFigures, ...]:
    return judge(history).stages[0].acts


def test_a_restart_costs_what_was_bad_until_it_was_ready() -> None:
    (act,) = acts(acted(restart(5.999, 6.3)))
    assert (act.action, act.begin_s, act.until_s, act.until) == ("restart", 6.0, 6.3, "ready")
    assert act.probe == CostFigures(requests=30, bad=30, fresh_bad=15, kept_bad=15)
    assert act.users == CostFigures(requests=0, bad=0, fresh_bad=0, kept_bad=0)


def test_an_action_that_starts_nothing_costs_until_it_is_done() -> None:
    (act,) = acts(acted(action(6.4, 6.6)))
    assert (act.until, act.probe.requests, act.probe.bad) == ("done", 20, 10)


def test_one_that_never_ended_costs_as_far_as_it_was_watched() -> None:
    (act,) = acts(acted(action(6.4, None)))
    assert (act.until, act.until_s, act.probe.bad) == ("watched", 15.0, 10)


def test_a_second_action_has_a_cost_of_its_own() -> None:
    first, second = acts(acted([*action(5.6, 5.7), *action(6.0, 6.2)]))
    assert (first.probe.bad, second.probe.bad) == (10, 20)


def test_users_count_by_the_bounds_of_the_probe() -> None:
    load = [refused(6.41), ok(6.42, took=2.0), ok(6.43), refused(6.7), refused(6.44, via=Via.KEPT)]
    (act,) = acts(acted(action(6.4, 6.6), load))
    assert act.users == CostFigures(requests=4, bad=3, fresh_bad=2, kept_bad=1)


def test_a_load_test_counts_them_too() -> None:
    of = stage(judge="load", fault=None, load=Load(executor="constant-vus", request={"order": 1}))
    history = run(stream(0.5, 9), action(6.4, 6.6), end=9, of=of, load=[refused(6.41), ok(6.43)])
    (act,) = acts(history)
    assert (act.users.requests, act.users.bad) == (2, 1)


def test_without_an_action_there_is_none() -> None:
    assert acts(acted([])) == ()


def test_the_report_names_reopened_connections_where_some_were_bad() -> None:
    cost = CostFigures(requests=9, bad=6, fresh_bad=3, kept_bad=1)
    act = ActionFigures(action="restart", ok=True, begin_s=1.0, until_s=2.0, until="ready", probe=cost, users=cost)
    (line,) = costs((act,), 0.0)
    assert line.says[0] == "restart, until it was ready: 6 of 9 probe requests bad (3 fresh, 1 kept, 2 reopened)"


def test_the_report_says_what_is_counted() -> None:
    history = acted(restart(5.999, 6.3), [refused(6.1)])
    said = "\n".join(report(history, judge(history)))
    assert "cost         restart, until it was ready: 30 of 30 probe requests bad (15 fresh, 15 kept)" in said
    assert "1 of 1 user request bad" in said
