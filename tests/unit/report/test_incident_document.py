"""What the incident document says of a run, and what it does not invent."""

from __future__ import annotations

from dataclasses import replace

from lab.history.model.events import ActionEvent, DecideEvent, Event, NoteEvent, TargetEvent
from lab.judge.judge import judge
from lab.prove.found import FoundProof
from lab.report.incident.facts import incident
from lab.report.incident.instants import wall
from lab.report.incident.render import render
from lab.report.incident.words import template, words
from tests.histories import STAGE, alarm, baseline, counted, crash, inject, ns, of_load, ok, reset, restart, run, stage, stream
from tests.unit.report.incidents import EPOCH_NS, at_a_fixed_clock, document, facts_of, interrupted, sections

NOT_RECORDED = "not recorded by this run"


def section(number: int, *events: Event, **more: object) -> str:
    return sections(document(at_a_fixed_clock(crash(events=list(events), **more))))[str(number)]  # type: ignore[arg-type]


def test_the_wall_clock_is_exact_to_the_microsecond() -> None:
    assert wall(EPOCH_NS, 0).isoformat() == "2025-12-17T22:59:05.678901+00:00"
    assert wall(EPOCH_NS, 999).isoformat() == "2025-12-17T22:59:05.678902+00:00"


def test_instants_stand_on_the_wall_clock_and_since_the_injection() -> None:
    text = section(2)
    assert "| fault injected | 22:59:11.178 | 0.000 |" in text
    assert "| alarm | 22:59:11.478 | +0.300 |" in text
    assert f"| passed on to a person | {NOT_RECORDED} | – |" in text


def test_durations_stand_beside_what_they_were_held_against() -> None:
    assert "| injection to alarm | 300 ms | 1 s | kept |" in section(2)
    assert "| injection to alarm | 1.1 s | 1 s | missed |" in section(2, bad_s=2.0, detected=1.1)
    assert "| to good again (counted from the end of the fault) | −2.49 s | 1 s | kept |" in section(2)
    assert "A negative duration" in section(2)


def test_nobody_acted_is_said() -> None:
    assert "Nobody acted: no action was taken in this stage." in section(7)
    assert "| first action | nobody acted | – |" in section(2)


def test_what_acted_is_said_with_the_alarm_that_it_answered() -> None:
    text = section(7, *restart(5.9, 6.2))
    assert "- restart, by the responder on the alarm error rate: begun 22:59:11.579, done 22:59:11.878." in text
    assert "Nobody" not in text


def test_a_step_of_a_runbook_has_the_alarm_that_the_runbook_answered() -> None:
    decided = DecideEvent(t_ns=ns(5.9), stage=STAGE, alarm="errors", action="runbook relief")
    begin = ActionEvent(t_ns=ns(6), stage=STAGE, phase="begin", action="runbook relief 1/2 make room")
    text = section(7, decided, begin, replace(begin, t_ns=ns(7), phase="end"))
    assert "- runbook relief 1/2 make room, by the responder on the alarm error rate: begun" in text


def test_an_action_that_nobody_is_known_to_have_decided() -> None:
    begin = ActionEvent(t_ns=ns(6), stage=STAGE, phase="begin", action="drain")
    end = replace(begin, t_ns=ns(7), phase="end", ok=False, detail="exit 1 | <b>")
    text = section(7, begin, end)
    assert f"- drain, by whom is {NOT_RECORDED}: begun 22:59:11.678, failed 22:59:12.678 (exit 1 \\| \\<b\\>)." in text
    assert "not finished when the stage ended" in section(7, begin)


def test_every_line_of_the_history_is_in_the_timeline_in_order() -> None:
    events = [
        TargetEvent(t_ns=ns(5.51), stage=STAGE, state="died", detail="SIGKILL"),
        NoteEvent(t_ns=ns(5.7), text="Kim takes over"),
        *restart(5.9, 6.2),
        DecideEvent(t_ns=ns(6.5), stage=STAGE, alarm="errors", action="give up", reason="3 in 60 s"),
    ]
    rows = [line.split(" | ") for line in section(6, *events).splitlines() if line.startswith("| 2")]
    assert [row[2].removesuffix(" |") for row in rows] == [
        "Injection of fault crash begins",
        "First bad request of the outage was due (fresh + kept connections)",
        "Fault crash injected: done",
        "Target's process ended by itself: SIGKILL",
        "The outage is proven, by 4 requests",
        "Note: Kim takes over",
        "Alarm: error rate",
        "Responder decides: restart",
        "Action begins: restart",
        "Target stopped",
        "Target started (pid 31)",
        "Good again: first good request after the last bad one",
        "Target ready (pid 31)",
        "Action done: restart",
        "Responder gives up on alarm error rate: 3 in 60 s",
        "The lab begins to end the fault, as planned",
        "The lab has ended the fault, as planned",
    ]
    assert rows == sorted(rows, key=lambda row: row[0])


def test_of_people_it_knows_what_a_note_says_and_nothing_more() -> None:
    assert f"What people did or were told: {NOT_RECORDED}." in section(6)
    for of_stage in ("", STAGE):
        text = section(6, NoteEvent(t_ns=ns(5.7), stage=of_stage, text="Kim takes over"))
        assert text.count("Note: Kim takes over") == 1
        assert f"What people did or were told, beyond the notes: {NOT_RECORDED}." in text


def test_users_and_probe_are_counted_apart() -> None:
    users = of_load([ok(1.0, vu=1), reset(5.6, vu=2), reset(5.7, vu=2)])
    text = document(at_a_fixed_clock(crash(load=users)))
    assert "| POST /coupons/1/issue (coupon) | yes | users | 3 | 2 | answered as expected 1, connection reset by peer 2 |" in text
    assert "| POST /orders (order) | yes | probe | 1,450 | 50 | answered as expected 1,400, connection refused 50 |" in text
    assert "Simulated users: 1 of 2 had at least one bad request; 2 of their 3 requests were bad." in text


def test_an_api_that_was_bad_at_another_time_is_not_affected() -> None:
    users = of_load([ok(5.6), reset(12.0)])
    assert [(api.name, api.affected) for api in facts_of(crash(load=users)).outages[0].apis] == [
        ("coupon", False),
        ("order", True),
    ]


def test_the_cause_is_the_fault_with_its_evidence() -> None:
    text = section(5)
    assert "- Evidence: it landed; deaths +1 (in the baseline before: +0)" in text
    assert "- Before the fault: 0 of the probe's" in text
    assert f"- Settings in force at the injection: {NOT_RECORDED}" in text


def test_a_fault_that_did_not_land_is_no_known_cause() -> None:
    events = [*baseline(0.5, 5.5, deaths=0), *inject(5.5), *alarm(5.8)]
    rows = [*stream(0.5, 5.5), *stream(5.5, 6.0, fresh=reset, kept=reset), *stream(6.0, 15)]
    facts = facts_of(run(rows, events, end=15))
    assert facts.outages[0].ruling == "unknown"
    assert "**Verdict:** UNKNOWN; " in document(run(rows, events, end=15))


def test_an_outage_without_a_fault_is_not_passed_over() -> None:
    rows = [*stream(0.5, 6.0), *stream(6.0, 7.0, fresh=reset, kept=reset), *stream(7.0, 15)]
    history = run(rows, baseline(0.5, 5.5), end=15, of=stage(fault=None))
    text = document(history)
    assert "Stages without a measured outage:" in text
    assert "- 1/1 wire: FAIL, no fault was injected; an outage without a fault" in text


def test_a_measure_has_no_record_until_a_proof_gives_one() -> None:
    from tests.unit.report.verdicts import accept_queue

    history = accept_queue()
    assert "no record yet" in sections(document(history))["8"]
    proof = FoundProof("restart-heals", "held", "2026-11-25", "conn-reset.record.json", expired=False)
    found = incident(history, judge(history), {(history.plan.drill.stages[-1].stage, "auto-restart"): (proof,)})
    told = {language: render(found, words(language), template(language), "") for language in ("en", "ko")}
    assert "restart-heals: held (conn-reset.record.json, 2026-11-25)" in told["en"]
    assert "restart-heals: 효과 확인 (conn-reset.record.json, 2026-11-25)" in told["ko"]
    expired = incident(history, judge(history), {("", "auto-restart"): (replace(proof, expired=True),)})
    assert "2026-11-25, expired)" in render(expired, words("en"), template("en"), "")


def test_a_measure_that_was_taken_out_stands_there_as_taken_out() -> None:
    history = crash()
    taken = replace(history, plan=replace(history.plan, without=("auto-restart",)))
    assert f"| auto-restart | taken out | {NOT_RECORDED} | no record yet |" in document(taken)


def test_a_stage_without_an_outage_is_one_line() -> None:
    text = document(crash(bad_s=0.0))
    assert "No outage was measured in this run." in text
    assert "- 1/1 wire: UNKNOWN, fault injected, no outage became visible as far as it was watched (crash); " in text
    assert "###" not in text


def test_an_unknown_verdict_stands_in_the_summary_with_what_made_it_so() -> None:
    rows = [*stream(0.5, 5.5), *stream(5.5, 6.0, fresh=reset, kept=reset), *stream(6.0, 15)]
    events = [*baseline(1.5, 5.5, deaths=0), *inject(5.5), *counted(5.6, deaths=1), *alarm(5.2), *alarm(5.8)]
    assert "**Verdict:** UNKNOWN; " in sections(document(run(rows, events, end=15)))["1"]
    assert "an alarm before the injection" in sections(document(run(rows, events, end=15)))["1"]


def test_an_interrupted_run_says_that_it_broke_off() -> None:
    text = document(interrupted())
    assert "**INTERRUPTED.**" in text
    assert "**The run broke off: what follows is what was recorded until then.**" in text
    assert "not seen to recover" in text


def test_an_end_that_nobody_recorded_is_not_guessed() -> None:
    history = crash()
    cut = replace(history, events=history.events[:-1])
    assert f"to an end that is {NOT_RECORDED} UTC" in document(cut)


def test_the_head_says_in_one_row_what_happened() -> None:
    users = of_load([ok(1.0, vu=1), reset(5.6, vu=2)])
    text = document(at_a_fixed_clock(crash(load=users, events=restart(5.9, 6.2))))
    row = ("wire", "22:59:11.178", "crash", "1 of 2", "300 ms after the injection", "restart", "22:59:11.688, 510 ms after")
    assert f"| {' | '.join(row)}" in text.partition("---\n\n##")[0]


def test_a_restart_into_a_bad_setting_is_told_as_one() -> None:
    def ready(at: float, **settings: int) -> TargetEvent:
        return TargetEvent(t_ns=ns(at), stage=STAGE, state="ready", pid=31, settings=settings)

    action = ActionEvent(t_ns=ns(5.9), stage=STAGE, phase="begin", action="restart")
    done = replace(action, t_ns=ns(6.3), phase="end")
    text = section(7, ready(0.1, backlog=1024, slots=8), action, ready(6.2, backlog=16, slots=8), done)
    assert "; backlog 1024→16." in text
    assert "slots" not in text
