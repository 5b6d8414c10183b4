"""Whole runs and their verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.drill.model import Budgets
from lab.drill.units import UNTIL_RECOVERED
from lab.history.model.events import AlarmEvent
from lab.history.model.history import History
from lab.history.model.ledger import Ledger, Stored
from lab.judge.judge import judge
from lab.judge.verdict import EpisodeVerdict
from tests.histories import (
    alarm,
    baseline,
    counted,
    crash,
    cut,
    hang,
    heal,
    inject,
    refused,
    reset,
    restart,
    run,
    stage,
    stream,
    unconnected,
)

UNTIL = stage(lasts=UNTIL_RECOVERED, within=Budgets(detect=2.0, recover=5.0, bad_seconds=1.5))


def overflow(*, back_at: float | None = 6.3, healed: float | None = None, acted: bool = True, **more: Any) -> History:
    """The accept-queue stage: fresh connections fail from 5.5 s, a restart at 6.11 s breaks the kept ones too.

    ``back_at``: when all is well again, None: never. Healed at the clear, or at the deadline of 5 + 3.5 s.
    """
    healed = healed if healed is not None else 14.0 if back_at is None else back_at + 3.1
    end = healed + 3.5
    back = healed + 0.01 if back_at is None else back_at
    killed = {"fresh": refused, "kept": reset} if acted else {"fresh": unconnected}
    rows = [*stream(0.5, 5.5), *stream(5.5, 6.1, fresh=unconnected), *stream(6.1, 6.3, **killed)]
    rows += [*stream(6.3, back, fresh=unconnected), *stream(back, end)]
    events = [*baseline(0.5, 5.5, ListenOverflows=3), *inject(5.5, fault="backlog"), *counted(5.6, ListenOverflows=903)]
    events += [*alarm(6.1), *heal(healed, reason="recovered" if back_at else "deadline")]
    events += restart(6.1, ready=6.31) if acted else []
    return run(rows, events, **{"of": UNTIL, "end": end, **more})


def only(history: History) -> EpisodeVerdict:
    (episode,) = judge(history).stages[0].episodes
    return episode


def test_a_fault_that_the_lab_heals_is_measured_from_the_heal() -> None:
    found = only(crash(bad_s=3.2))
    assert (found.recover_from, found.recover_s, found.recovered_s) == ("healed", 0.209, 8.71)
    assert (found.detect_s, found.detect_to_recover_s, found.bad_seconds) == (0.3, 2.91, 3.2)
    assert found.bracket_s == (8.69, 8.71)
    assert found.injected_s == (5.5, 5.501)


def test_what_healed_before_the_lab_healed_it_took_negative_time() -> None:
    found = only(crash(bad_s=0.2))
    assert found.recover_s == -2.791
    assert found.detect_to_recover_s == -0.09


def test_what_only_a_measure_heals_is_measured_from_the_injection() -> None:
    verdict = judge(overflow())
    assert verdict.verdict == "pass"
    fault, action = verdict.stages[0].episodes
    assert (fault.recover_from, fault.recover_s, fault.caused_by) == ("injected", 0.8, "fault")
    assert (fault.acted_s, fault.ready_s, fault.act_to_ready_s) == (6.101, 6.31, 0.209)
    ends = [span.end for span in fault.spans]
    assert ends == ["visible", "detected", "decided", "acted", "stopped", "started", "ready", "recovered"]
    assert fault.spans[-1].duration_s == -0.01  # the first good request was due 10 ms before the health check saw it
    assert action.affected == ("kept",)


def test_the_classes_of_an_episode_are_told_apart() -> None:
    fault, _ = judge(overflow()).stages[0].episodes
    fresh, kept = fault.classes["fresh"], fault.classes["kept"]
    assert (fresh.bad_share, fresh.affected, kept.affected) == (1.0, True, False)
    assert (fresh.bad_seconds, fresh.bad_seconds_after_action) == (0.8, 0.18)
    assert fault.bad_seconds == 0.5  # 40 fresh and 10 kept, at 100/s


def test_a_restart_into_the_bad_setting_does_not_recover() -> None:
    verdict = judge(overflow(back_at=None))
    assert (verdict.verdict, verdict.exit) == ("fail", 1)
    assert "not recovered in 5 s" in verdict.stages[0].reasons
    assert verdict.stages[0].episodes[0].recovered_s is None
    assert verdict.stages[0].episodes[0].censored


def test_without_a_responder_nothing_recovers() -> None:
    verdict = judge(overflow(back_at=None, acted=False))
    assert "not recovered in 5 s" in verdict.stages[0].reasons
    assert verdict.verdict == "fail"


def test_nothing_after_the_labs_own_heal_counts_as_recovery() -> None:
    """Nor a few good requests just before it, which only what the heal did could confirm: that takes 2 s of a class."""
    assert only(overflow(back_at=9.01, healed=9.0, acted=False)).recovered_s is None
    assert only(overflow(back_at=8.98, healed=9.0, acted=False)).recovered_s is None
    assert only(overflow(back_at=6.98, healed=9.0, acted=False)).recovered_s == 6.98


MISSED = [
    ("detected after 2.1 s, budget 2 s", crash(bad_s=3.1, detected=2.1, of=stage(within=Budgets(detect=2.0)))),
    ("recovered after 1.509 s, budget 1 s", crash(bad_s=4.5)),
    ("not recovered in 1 s", crash(bad_s=9.4)),
    ("3.10 bad-seconds, budget 3", crash(bad_s=3.1, of=stage(within=Budgets(bad_seconds=3.0)))),
    ("not recovered in 9.5 s", crash(bad_s=9.5, of=stage(within=Budgets()))),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "history"), MISSED, ids=[reason for reason, _ in MISSED])
def test_a_budget_missed_fails_the_stage(reason: str, history: History) -> None:
    verdict = judge(history)
    assert verdict.stages[0].reasons == (reason,)
    assert (verdict.verdict, verdict.exit) == ("fail", 1)


def test_an_outage_that_no_alarm_noticed_is_not_detected() -> None:
    history = crash()
    silent = replace(history, events=tuple(e for e in history.events if not isinstance(e, AlarmEvent)))
    assert judge(silent).stages[0].reasons == ("not detected in 1 s",)


def test_budgets_show_what_they_were_held_against() -> None:
    budgets = judge(crash(bad_s=4.5)).stages[0].budgets
    assert {name: (b.budget, b.value, b.kept) for name, b in budgets.items()} == {
        "detect": (1.0, 0.3, True),
        "recover": (1.0, 1.509, False),
    }


def test_a_relapse_after_the_recovery_counts_against_the_budget() -> None:
    rows = [*stream(0.5, 5.5), *stream(5.5, 8.6, fresh=refused, kept=refused), *stream(8.6, 12)]
    rows += [*stream(12, 13, fresh=refused, kept=refused), *stream(13, 18)]
    events = [*baseline(0.5, 5.5, deaths=0), *inject(5.5), *counted(6, deaths=1), *alarm(5.8), *heal(8.5)]
    verdict = judge(run(rows, events, end=18))
    assert verdict.stages[0].reasons == ("relapsed, and recovered after 4.509 s, budget 1 s",)
    assert [episode.relapse for episode in verdict.stages[0].episodes] == [False, True]


def test_connections_that_the_action_broke_for_good_fail_the_stage() -> None:
    rows = [*stream(0.5, 5.5), *stream(5.5, 6.3, fresh=refused), *stream(6.3, 15, kept=reset)]
    events = [*baseline(0.5, 5.5, deaths=0), *inject(5.5), *counted(6, deaths=1), *alarm(5.8), *restart(6.2, 6.3), *heal(8.5)]
    reasons = judge(run(rows, events, end=15)).stages[0].reasons
    assert "the action broke kept connections, which did not recover" in reasons


def test_an_outage_without_a_fault_fails() -> None:
    calm = stage(fault=None, within=Budgets())
    rows = [*stream(0.5, 8), *stream(8, 8.5, fresh=refused, kept=refused), *stream(8.5, 12)]
    verdict = judge(run(rows, baseline(0.5, 5.5), end=12, of=calm))
    assert (verdict.stages[0].reasons, verdict.verdict) == (("an outage without a fault",), "fail")
    assert judge(run(stream(0.5, 12), baseline(0.5, 5.5), end=12, of=calm)).verdict == "pass"


def test_a_failure_belongs_to_when_it_was_due() -> None:
    """Hung until 8.6 s: its last requests fail at 9.6 s, the recovery stands at 8.6 s."""
    assert only(crash(bad_s=3.1, make=hang)).recovered_s == 8.61


def test_an_interrupted_run_is_interrupted_whatever_its_stages_say() -> None:
    verdict = judge(crash(bad_s=9.4, reason="interrupted"))
    assert (verdict.verdict, verdict.exit) == ("interrupted", 130)


def test_a_broken_invariant_fails_the_drill() -> None:
    ledger = Ledger((Stored("coupon", 1), Stored("coupon", 2)), {"coupon": 1})
    verdict = judge(crash(checks=("no_oversell",), ledger=ledger))
    assert (verdict.stages[0].verdict, verdict.verdict, verdict.exit) == ("pass", "fail", 1)


def test_an_invariant_that_nobody_could_check_makes_the_drill_unknown() -> None:
    verdict = judge(crash(checks=("no_oversell",)))
    assert (verdict.verdict, verdict.exit) == ("unknown", 3)


def test_a_failure_outweighs_what_is_unknown() -> None:
    verdict = judge(crash(bad_s=9.4, checks=("no_oversell",)))
    assert verdict.verdict == "fail"


def test_requests_cut_at_the_end_are_named_and_change_nothing_else() -> None:
    history = crash()
    more = replace(history, probe=type(history.probe).concat([history.probe, type(history.probe).of([cut(14.995)])]))
    assert judge(more).stages[0].evidence.probe.cut == 1
    assert judge(more).stages[0].episodes == judge(history).stages[0].episodes


def test_the_evidence_says_what_was_broken_and_how_clean_it_was_before() -> None:
    evidence = judge(overflow()).stages[0].evidence
    assert (evidence.fault, evidence.landed, evidence.counters) == ("crash", "yes", {"ListenOverflows": 900})
    assert evidence.baseline is not None
    assert (evidence.baseline.bad, evidence.baseline.requests, evidence.baseline.p0) == (0, 401, 0.01)
    assert evidence.actions == ("restart",)


def test_a_budget_that_was_not_watched_to_its_end_is_neither_kept_nor_missed() -> None:
    """Interrupted 0.4 s after the heal, which had 1 s to recover."""
    history = crash(bad_s=4.0, end=8.9)
    (found,) = judge(history).stages
    assert found.budgets["recover"].kept is None
    assert found.budgets["detect"].kept is True
    (watched,) = judge(crash(bad_s=6.0, end=11.0)).stages
    assert watched.budgets["recover"].kept is False
