"""A run that broke off: what was not read or not watched is not told as nothing."""

from __future__ import annotations

from dataclasses import replace

from lab.history.model.events import HealEvent, LandedEvent, RunEvent, StageEvent
from lab.judge.judge import judge
from tests.histories import crash
from tests.unit.report.verdicts import said


def broken_off() -> str:
    """Killed just after the injection, before the first look at a counter."""
    whole = crash(bad_s=0.0)
    gone = (LandedEvent, HealEvent)
    kept = tuple(
        event
        for event in whole.events
        if not isinstance(event, gone) and not (isinstance(event, StageEvent | RunEvent) and event.phase == "end")
    )
    history = replace(whole, events=kept)
    assert judge(history).stages[0].evidence.landed == "not known"
    return said(history)


def test_a_counter_that_nobody_read_did_not_stay_at_zero() -> None:
    assert "landed: not known, no counter was read after it" in broken_off()
    assert "not landed" not in broken_off()


def test_an_outage_that_nobody_watched_for_is_not_none() -> None:
    assert "no outage became visible, as far as it was watched" in broken_off()


def test_who_was_killed_is_not_guessed() -> None:
    assert "no end was recorded: the lab was killed, or its machine stopped" in broken_off()


def test_a_restart_of_what_was_dead_stops_nothing() -> None:
    from lab.history.model.events import TargetEvent
    from tests.histories import STAGE, ns, restart

    died = TargetEvent(t_ns=ns(5.51), stage=STAGE, state="died", detail="SIGKILL")
    text = said(crash(bad_s=0.4, events=[died, *restart(5.52, 5.9)]))
    assert "stopped" not in text
    assert "started      by the restart" in text
    assert "stopped      by the restart" in said(crash(bad_s=0.4, events=restart(5.52, 5.9)))
