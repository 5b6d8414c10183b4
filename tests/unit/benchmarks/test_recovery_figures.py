"""What the benchmark of recovery says of what it saw: pure, so tables. Each claim has a round in which it is missed."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from benchmarks.recovery.page import BEGIN, END, claims, into, rendered
from benchmarks.recovery.recorded import Round, decided_ms, from_json, noticed_ms, to_json
from benchmarks.recovery.supervisors import INHERITED, REBIND
from benchmarks.recovery.trial import Asked, Trial, clean, judged

MS = 1_000_000
FAULT, UNTIL = 1000 * MS, 3000 * MS


def ok(due_ms: int, end_ms: int, *, kept: bool = False) -> Asked:
    return Asked(due_ms * MS, end_ms * MS, good=True, kept=kept)


def refused(due_ms: int) -> Asked:
    return Asked(due_ms * MS, due_ms * MS + 1, good=False, refused=True)


def lost(due_ms: int, end_ms: int) -> Asked:
    return Asked(due_ms * MS, end_ms * MS, good=False)


@pytest.mark.parametrize(
    ("asked", "trial"),
    [
        ([ok(990, 1010), refused(1010), refused(1020), ok(1030, 1280)], Trial(280, 2, 2)),
        ([lost(990, 1001), ok(1010, 1300), ok(1020, 1290)], Trial(290, 1, 0)),
        ([lost(980, 999), ok(1010, 1300)], Trial(300, 0, 0)),
        ([ok(1005, 1030, kept=True), ok(1010, 1300)], Trial(300, 0, 0)),
        ([refused(1010), lost(1020, 2020)], Trial(math.inf, 2, 1)),
        ([], Trial(math.inf, 0, 0)),
        ([ok(1010, 1300), refused(3001)], Trial(300, 0, 0)),
    ],
    ids=["refused", "in-flight", "bad-before-it", "kept-is-no-recovery", "never", "nothing", "after-the-look"],
)
def test_recovery_is_the_first_good_answer_to_a_connection_due_after_the_fault(asked: list[Asked], trial: Trial) -> None:
    assert judged(asked, FAULT, UNTIL) == trial


def test_a_time_is_clean_when_something_was_asked_and_all_of_it_answered() -> None:
    assert clean([ok(10, 30)], 0, 20 * MS)
    assert not clean([ok(10, 30), lost(15, 16)], 0, 20 * MS)
    assert not clean([], 0, 20 * MS)


def lines(*events: dict[str, object]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def alarm(t_ms: float, name: str, phase: str = "begin") -> dict[str, object]:
    return {"t": round(t_ms * MS), "kind": "alarm", "phase": phase, "alarm": name}


def decide(t_ms: float, name: str) -> dict[str, object]:
    return {"t": round(t_ms * MS), "kind": "decide", "alarm": name, "action": "restart"}


def test_a_decision_counts_from_its_own_alarm_and_once() -> None:
    history = lines(alarm(10, "died"), alarm(11, "errors"), decide(10.5, "died"), alarm(12, "died", "end"), decide(20, "errors"))
    assert decided_ms(history) == [0.5, 9]


def test_a_line_that_is_still_being_written_is_no_event() -> None:
    assert decided_ms(lines(alarm(10, "died"), decide(11, "died")) + '{"t": 1') == [1]


def test_a_hang_is_noticed_by_the_first_alarm_after_it_or_never() -> None:
    history = lines(alarm(10, "errors"), alarm(215, "errors"), alarm(216, "died"))
    assert noticed_ms(history, "errors", [5 * MS, 100 * MS, 300 * MS]) == [5, 115, math.inf]


GOOD = Round(
    boot_ms=[250, 240, 260],
    trials={name: {"SIGKILL": [Trial(280, 6, 0)], "SIGSTOP": [Trial(450, 6, 0)]} for name in (REBIND, INHERITED)},
    noticed_ms=[190],
    decided_ms=[0.1] * 30,
    sample_ms=[0.05] * 30,
)


def kept(one: Round) -> list[bool]:
    return [claim.kept for claim in claims([one]) if claim.kept is not None]


def test_all_that_was_asked_of_recovery_is_a_claim() -> None:
    assert kept(GOOD) == [True] * 8


@pytest.mark.parametrize(
    ("wrong", "number"),
    [
        ({"boot_ms": [100.0]}, 0),
        ({"long_inherited": [Trial(480, 7, 0)]}, 1),
        ({"long_inherited": [Trial(280, 7, 1)]}, 2),
        ({"noticed_ms": [190, 301.0]}, 3),
        ({"noticed_ms": [math.inf]}, 3),
        ({"decided_ms": [0.1] * 18 + [5.1] * 2}, 4),
        ({"decided_ms": [0.1] * 99 + [5.1]}, 5),
        ({"sample_ms": [0.1] * 18 + [2.1] * 2}, 6),
        ({"sample_ms": [0.1] * 99 + [2.1]}, 7),
    ],
)
def test_each_of_them_can_be_missed(wrong: dict[str, object], number: int) -> None:
    assert not kept(replace(GOOD, **wrong))[number]  # type: ignore[arg-type]  # the fields of a round


def test_what_never_recovers_is_said_and_survives_the_file() -> None:
    never = Round(trials={"supervisord": {"SIGSTOP": [Trial(math.inf, 700, 0)]}}, noticed_ms=[math.inf])
    assert from_json(to_json("now", [GOOD, never])) == ("now", [GOOD, never])
    assert any("supervisord" in line and "**never** in 8 s" in line for line in rendered("now", [never]))


def test_what_recovers_now_and_then_is_told_apart() -> None:
    mixed = Round(trials={"circus": {"SIGKILL": [Trial(math.inf, 700, 0), Trial(280, 6, 0)]}})
    assert any("circus" in line and "**never** in 1 of 2, else 280 or more" in line for line in rendered("now", [mixed]))


def test_what_no_round_has_measured_is_no_claim() -> None:
    assert kept(Round()) == []


def test_a_peer_that_is_here_in_another_round_keeps_its_figures() -> None:
    found = list(rendered("now", [Round(missing={"lab, rebind": "make it"}), GOOD]))
    assert not any("not here" in line for line in found)


def test_a_peer_that_is_not_here_keeps_its_lines() -> None:
    found = list(rendered("now", [Round(missing={"circus": "make it"})]))
    assert sum("not here: `make it`" in line for line in found) == 2


def test_the_section_goes_between_its_markers() -> None:
    once = into(f"before\n{BEGIN}\nold\n{END}\nafter\n", "now", [GOOD])
    assert once.startswith("before\n")
    assert once.endswith(f"{END}\nafter\n")
    assert "old" not in once
    assert into(once, "now", [GOOD]) == once
