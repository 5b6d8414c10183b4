"""The drill file: what is right becomes a Drill, what is wrong is told all at once, with its line."""

from __future__ import annotations

import pytest
from drill_texts import FAULTS, SHOP, WHOLE, Shrink, drill, only, problems, stage

from lab.drill.calls import build_fault
from lab.drill.model import ErrorsAlarm, FaultCall, Load, Respond, Target
from lab.drill.problems import DrillErrors
from lab.drill.reader import read_target
from lab.drill.typed import keys
from lab.drill.units import UNTIL_RECOVERED, Limit


def test_a_whole_file_becomes_a_drill() -> None:
    wire, queue = drill(WHOLE).stages
    assert (wire.lane, wire.lasts, queue.lasts, queue.rest) == ("proxy", 3.0, UNTIL_RECOVERED, 2.0)
    assert wire.load is not None
    assert wire.load.request == {"coupon": 1, "order": 2}
    assert (queue.probe.rate, queue.probe.connect, queue.within.recover) == (100.0, 0.1, 5.0)
    assert queue.measures["auto-restart"].respond == (Respond(when="died", do="restart", limit=Limit(2, 60.0)),)
    assert queue.measure_settings == {"backlog": 2048}


def test_a_request_by_its_name_alone_has_weight_one() -> None:
    load = drill(WHOLE).stages[1].load
    assert load is not None
    assert load.request == {"coupon": 1}


def test_the_drills_alarm_is_that_of_each_stage_without_one() -> None:
    wire, queue = drill(WHOLE).stages
    assert wire.alarm is not None
    assert wire.alarm.errors == ErrorsAlarm(above=0.2, over=0.5, for_=0.25)
    assert queue.alarm is not None
    assert queue.alarm.errors is None
    assert queue.alarm.died is not None


def test_a_stage_always_has_alarms_even_when_the_drill_has_none() -> None:
    assert drill("drill: d\ntarget: {use: shop}\nstages: [{stage: a}]\n").stages[0].alarm is not None


def test_a_known_target_lies_under_the_drills_own_words() -> None:
    target = drill(WHOLE).target
    assert (target.use, target.command, target.ledger) == ("shop", "{python} -m shop", "/ledger")
    assert target.settings == {**SHOP.settings, "slots": 8}


def test_a_fault_keeps_every_parameter_its_defaults_too() -> None:
    wire, queue = drill(WHOLE).stages
    assert wire.fault == FaultCall("reset_peer", {"lost": "reply"})
    assert queue.fault == FaultCall("backlog", {"size": 16, "every": "1s", "where": "live"})
    assert build_fault(queue.fault, FAULTS) == Shrink(size=16, every=1.0)


@pytest.mark.parametrize("text", ["crash", "{crash: {}}", "{crash: }"])
def test_a_fault_without_parameters_is_its_name(text: str) -> None:
    assert drill(stage(f"fault: {text}")).stages[0].fault == FaultCall("crash", {})


def test_a_fault_that_is_not_known_any_more_cannot_be_built() -> None:
    with pytest.raises(LookupError, match="'gone': expected one of backlog"):
        build_fault(FaultCall("gone"), FAULTS)


def test_anchors_and_merges_work() -> None:
    text = stage("load: &l {executor: constant-vus, vus: 3, request: order}") + "- stage: b\n  load: {<<: *l, vus: 5}\n"
    loads = [each.load for each in drill(text).stages]
    assert [(load.vus, load.request) for load in loads if load] == [(3, {"order": 1}), (5, {"order": 1})]


def test_five_mistakes_are_five_problems_each_with_its_line_and_what_was_expected() -> None:
    text = (
        WHOLE.replace("lasts: 3s", "lasts: 3 s")
        .replace("vus: 50", "vuss: 50")
        .replace("backlog: 512", "backlok: 512")
        .replace("{backlog: {size: 16", "{backlog: {size: big")
        .replace("request: coupon", "request: cupon")
    )
    assert [f"{problem}".replace("\n  ", " ") for problem in problems(text)] == [
        "d.yaml:9: unknown key 'vuss' in stages[0].load, expected one of connect_timeout, connections, duration, executor, "
        "graceful_ramp_down, graceful_stop, iterations, jitter, k6, max_duration, max_vus, pause_after_error, python, ramp, "
        "rate, request, round_trip, start_rate, start_time, start_vus, timeout, vus hint: did you mean 'vus'?",
        "d.yaml:11: stages[0].lasts: '3 s' is not a duration, expected a number and its unit without a space, "
        "such as 250ms, 3s or 2m",
        "d.yaml:14: unknown setting 'backlok', expected one of backlog, defer_accept, full, ratio, slots "
        "hint: did you mean 'backlog'?",
        "d.yaml:15: the target has no request 'cupon', expected one of coupon, order hint: did you mean 'coupon'?",
        "d.yaml:17: fault backlog: size is 'big', expected a whole number",
    ]


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("preAllocatedVUs: 5", "vus"),
        ("maxVUs: 5", "max_vus"),
        ("startVUs: 5", "start_vus"),
        ("startRate: 5", "start_rate: 10/s"),
        ("timeUnit: 1m", "rate: 100/s"),
        ("stages: [{duration: 30s, target: 300}]", "ramp: [{30s: 300}]"),
        ("startTime: 5s", "start_time"),
        ("maxDuration: 5s", "max_duration"),
        ("gracefulStop: 5s", "graceful_stop"),
        ("gracefulRampDown: 5s", "graceful_ramp_down"),
    ],
)
def test_a_word_of_k6_is_told_with_ours(word: str, ours: str) -> None:
    told = only(stage(f"load: {{executor: constant-vus, request: order, {word}}}"))
    assert told.startswith(f"d.yaml:6: unknown key '{word.partition(':')[0]}' in stages[0].load")
    assert told.endswith(f"hint: did you mean {ours!r}?")


def test_every_word_of_ours_that_is_offered_for_k6s_is_a_key() -> None:
    assert {ours.partition(":")[0] for ours in Load.other_words.values()} <= keys(Load).keys()
    assert not Load.other_words.keys() & keys(Load).keys()


@pytest.mark.parametrize("value", ["3 s", "3sec", "-1s", "3", "1:30", "2020-01-01", "[3s]", "until  recovered"])
def test_a_wrong_unit_is_an_error_not_a_guess(value: str) -> None:
    assert only(stage(f"lasts: {value}")).startswith("d.yaml:6: stages[0].lasts: ")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lane: proxi", "d.yaml:6: stages[0].lane is 'proxi', expected one of direct, proxy\n  hint: did you mean 'proxy'?"),
        ("within: {recover: 5s, detect: }", "d.yaml:6: 'detect' has no value, expected a value, or no such key"),
        ("load: ", "d.yaml:6: 'load' has no value, expected a value, or no such key"),
        (
            "load: {executor: constant-vus, vus: '8', request: order}",
            "d.yaml:6: stages[0].load.vus is '8', expected a whole number",
        ),
        (
            "load: {executor: constant-vus, vus: true, request: order}",
            "d.yaml:6: stages[0].load.vus is true, expected a whole number",
        ),
        ("load: {executor: constant-vus}", "d.yaml:6: a load without a request, expected request: order"),
        ("alarm: {errors: {above: 20%}}", "d.yaml:6: stages[0].alarm.errors.over is missing, expected a number and its unit"),
        (
            "alarm: {errors: {above: 20%, over: 1s, for: 1}}",
            "d.yaml:6: stages[0].alarm.errors.for: 1 is not a duration, expected",
        ),
        ("alarm: {errors: {above: 20%, over: 1s, for_: 1s}}", "d.yaml:6: unknown key 'for_' in stages[0].alarm.errors, expected"),
        (
            "target: {slots: [1]}",
            "d.yaml:6: stages[0].target.slots is [1], expected a whole number or a number or true or false or text",
        ),
        ("skipped: {a: b}", "d.yaml:6: unknown key 'skipped'"),
        ("within: 5s", "d.yaml:6: stages[0].within is '5s', expected a mapping"),
        ("measures: {m: {respond: {when: errors, do: restart}}}", "d.yaml:6: stages[0].measures.m.respond is {'when'"),
        (
            "measures: {m: {respond: [{when: errors}]}}",
            "d.yaml:6: stages[0].measures.m.respond[0].do is missing, expected one of",
        ),
        ("fault: [crash]", "d.yaml:6: fault is ['crash'], expected one fault"),
        ("fault: {crash: {}, backlog: {size: 1}}", "d.yaml:6: fault is {'crash'"),
        (
            "fault: crahs",
            "d.yaml:6: unknown fault 'crahs', expected one of backlog, crash, reset_peer\n  hint: did you mean 'crash'?",
        ),
        ("fault: {crash: 3}", "d.yaml:6: parameters of crash are 3, expected a mapping"),
        ("fault: {crash: {now: 3}}", "d.yaml:6: fault crash: unknown key 'now', expected nothing here"),
        ("fault: {backlog: {}}", "d.yaml:6: fault backlog: size is missing, expected a whole number"),
        (
            "fault: {backlog: {size: 5000}}",
            "d.yaml:6: fault backlog: size 5000 is more than the kernel takes, expected at most 4096",
        ),
        (
            "fault: {backlog: {size: 1, where: life}}",
            "d.yaml:6: fault backlog: where is 'life', expected one of live, live+config",
        ),
        ("fault: {backlog: {size: 1, every: 3}}", "d.yaml:6: fault backlog: every: 3 is not a duration, expected"),
    ],
)
def test_what_does_not_fit_is_told_with_what_would(line: str, told: str) -> None:
    assert only(stage(line)).startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "d.yaml:1: the file is empty, expected drill:"),
        ("# nothing\n", "d.yaml:1: the file is empty, expected drill:"),
        ("- 3\n", "d.yaml:1: the file is no mapping, expected drill:"),
        ("drill: d\nstages: [\n", "d.yaml:3: not YAML: "),
        ("drill: d\n---\ndrill: e\n", "d.yaml:2: not YAML: but found another document"),
        ("drill: \x00\n", "d.yaml:1: not YAML: special characters are not allowed"),
        ("a: &a [*a]\n", "d.yaml:1: an anchor contains itself, expected"),
        ("? [a]\n: 3\n", "d.yaml:1: a key is a list or a mapping, expected a name"),
        ("a: &x 3\nb: {<<: *x}\n", "d.yaml:1: << brings in something that is no mapping, expected"),
    ],
)
def test_what_is_no_drill_at_all_is_one_problem(text: str, told: str) -> None:
    assert only(text).startswith(told)


def test_ten_lines_of_anchors_that_mean_a_billion_values_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 50000 values" in only("\n".join(lines))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lasts: 3s\n  lasts: 4s", "d.yaml:7: key 'lasts' stands twice, expected it once: the first is in line 6"),
        ("about: !!python/name:os.system x", "d.yaml:6: tag 'tag:yaml.org,2002:python/name:os.system'"),
        ("target: {ratio: .inf}", "d.yaml:6: '.inf' is not finite, expected a number"),
        ("target: {slots: !!int many}", "d.yaml:6: 'many' is not a value of its tag"),
    ],
)
def test_what_yaml_would_let_pass_is_a_problem(line: str, told: str) -> None:
    assert str(problems(stage(line))[0]).startswith(told)


def test_on_is_no_key_because_yaml_reads_it_as_true() -> None:
    assert any(
        "key 'on' is not text to YAML" in str(each) for each in problems(stage("measures: {m: {respond: [{on: errors}]}}"))
    )


def test_all_missing_top_keys_are_told() -> None:
    assert [each.what for each in problems("about: x\n")] == ["drill is missing", "target is missing", "stages is missing"]


def test_a_mistake_in_an_anchor_is_told_in_its_line_for_each_use() -> None:
    text = stage("within: &w {detect: 3}") + "- stage: b\n  within: *w\n"
    assert [each.line for each in problems(text)] == [6, 6]


def test_a_target_file_is_read_and_its_mistakes_told() -> None:
    assert read_target("command: x\nsettings: {slots: 3}\n", "t.yaml") == Target(command="x", settings={"slots": 3})
    for text, told in (
        ("comand: x", "t.yaml:1: unknown key 'comand'"),
        ("", "t.yaml:1: an empty file"),
        ("boot: 3", "t.yaml:1: boot: "),
    ):
        with pytest.raises(DrillErrors, match=told):
            read_target(text, "t.yaml")
