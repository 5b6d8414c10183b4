"""Every rule between the parts of a drill has a drill that breaks it, and tells of nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from drill_texts import HEAD, WHOLE, drill, only, problems, stage

from lab.drill import load_rules
from lab.drill.model import Executor, Load, Ramp
from lab.drill.typed import keys


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["load: {executor: constant-vus, request: order, vus: 0}"], "6: 0 vus, expected 1 to 65536"),
        (["load: {executor: constant-vus, request: order, vus: 65537}"], "6: 65537 vus"),
        (
            ["load: {executor: constant-vus, request: order, iterations: 5}"],
            "6: iterations is not read by constant-vus, expected executor: shared-iterations or per-vu-iterations",
        ),
        (["load: {executor: constant-vus, request: {order: 0}}"], "6: the requests weigh nothing"),
        (["load: {executor: constant-vus, request: {order: 2, coupon: -1}}"], "6: the requests weigh nothing"),
        (["load: {executor: constant-vus, request: order, timeout: 0s}"], "6: timeout of 0 s, expected more than 0s"),
        (["load: {executor: constant-vus, request: order, connect_timeout: 0s}"], "6: connect_timeout of 0 s"),
        (["load: {executor: shared-iterations, request: order, iterations: 1, max_duration: 0s}"], "6: max_duration of 0 s"),
        (["load: {executor: shared-iterations, request: order, vus: 5}"], "6: shared-iterations of no iterations for 5 vus"),
        (
            ["load: {executor: shared-iterations, request: order, vus: 5, iterations: 4}"],
            "6: shared-iterations of 4 iterations for 5",
        ),
        (["load: {executor: constant-vus, request: ordr}"], "6: the target has no request 'ordr'"),
        (
            ["probe: {request: ordr}"],
            "6: the target has no request 'ordr', which the probe asks, expected probe: {request: NAME} with one of coupon,",
        ),
        (["probe: {rate: 9/s}"], "6: a probe of 9/s, expected at least 10/s"),
        (["probe: {kept: 0}"], "6: 0 kept connections"),
        (
            ["measures: {m: {respond: [{when: died, do: restart}]}}"],
            "6: measure m waits for alarm 'died', which the stage has not",
        ),
        (
            ["lane: direct", "fault: {reset_peer: {lost: reply}}"],
            "7: fault reset_peer works in the proxy, and the stage's lane is direct",
        ),
        (
            ["lasts: until recovered", "fault: crash", "within: {detect: 1s}"],
            "8: lasts until recovered, but no deadline, expected within:",
        ),
        (["lasts: until recovered", "within: {recover: 1s}"], "6: lasts until recovered without a fault"),
        (["target:", "  slotz: 3"], "7: unknown setting 'slotz', expected one of"),
        (["target:", "  slots: 3.5"], "7: setting slots is 3.5, expected a whole number, as its default 40"),
        (["target: {slots: true}"], "6: setting slots is True, expected a whole number"),
        (["target: {defer_accept: 1}"], "6: setting defer_accept is 1, expected true or false"),
        (["target: {full: 1}"], "6: setting full is 1, expected text"),
        (["target: {ratio: x}"], "6: setting ratio is 'x', expected a number"),
        (["measures:", "  m:", "    target: {backlok: 3}"], "8: unknown setting 'backlok'"),
    ],
)
def test_a_stage_that_breaks_a_rule_is_told_so(lines: list[str], told: str) -> None:
    assert only(stage(*lines)).startswith(f"d.yaml:{told}")


def test_a_probe_that_nobody_wrote_is_told_as_the_one_that_asks() -> None:
    mine = "drill: d\ntarget: {command: shop, writes: true, requests: {buy: {post: /buy}}}\nstages:\n  - stage: a\n%s"
    assert only(mine % "    rest: 1s\n") == (
        "d.yaml:4: the target has no request 'order', which the probe asks, expected probe: {request: NAME} with one of buy"
    )
    assert drill(mine % "    probe: {request: buy}\n").stages[0].probe.request == "buy"


IGNORED = [
    (
        "{executor: constant-arrival-rate, rate: 10/s, request: order, %s}",
        "constant-arrival-rate",
        "executor: shared-iterations or ",
    ),
    (
        "{executor: ramping-arrival-rate, ramp: [{1s: 5/s}], request: order, %s}",
        "ramping-arrival-rate",
        "executor: shared-iterations or ",
    ),
    ("{k6: shop.js, %s}", "k6", "no such key: the script decides"),
]


@pytest.mark.parametrize(("load", "executor", "expected"), IGNORED, ids=[each[1] for each in IGNORED])
@pytest.mark.parametrize("key", ["pause_after_error: 50ms", "jitter: 50%"])
def test_a_pause_is_for_users_who_wait(load: str, executor: str, expected: str, key: str) -> None:
    name = key.partition(":")[0]
    assert only(stage("load: " + load % key)).startswith(f"d.yaml:6: {name} is not read by {executor}, expected {expected}")


@pytest.mark.parametrize("load", ["{k6: shop.js}", "{executor: constant-vus, python: shop.py}"])
def test_a_threshold_on_a_scripts_checks_is_told_what_they_cannot_be_held_to(load: str) -> None:
    good = stage(f"load: {load}", "thresholds: {'checks{check:has stock}': rate>0.9}")
    assert drill(good).stages[0].thresholds == {"checks{check:has stock}": ("rate>0.9",)}
    assert only(stage(f"load: {load}", "thresholds:", "  checks[5s]: rate>0.9")).startswith(
        "d.yaml:8: a window of a script's checks"
    )
    of_the_drill = "thresholds: {'checks[5s]': rate>0.9}\n" + stage(f"load: {load}")
    assert only(of_the_drill).startswith("d.yaml:1: a window of a script's checks")
    plain = stage("load: {executor: constant-vus, request: order}", "thresholds: {'checks{check:has stock}': rate>0.9}")
    assert only(plain).startswith("d.yaml:7: unknown check 'has stock', expected one of status")


def test_every_key_that_a_script_decides_is_told_at_once_and_only_once() -> None:
    load = [
        "load:",
        "  k6: shop.js",
        "  duration: 1m",
        "  graceful_stop: 1s",
        "  vus: 5",
        "  start_time: 1s",
        "  connections: fresh",
    ]
    load += ["  connect_timeout: 1s", "  timeout: 1s", "  pause_after_error: 0s", "  jitter: 5%", "  max_duration: 1m"]
    load += ["  round_trip: 1s"]
    told = problems(stage(*load))
    ignored = ["vus", "start_time", "connections", "connect_timeout", "timeout", "pause_after_error", "jitter", "max_duration"]
    ignored += ["round_trip"]
    assert [(each.line, each.what) for each in told] == [(10 + i, f"{key} is not read by k6") for i, key in enumerate(ignored)]


@pytest.mark.parametrize("executor", get_args(Executor))
def test_a_key_is_read_by_an_executor_or_told(executor: Executor) -> None:
    """Whatever it is set to, as long as that is not what it is anyway."""
    other = {"max_duration": 1.0, "duration": 1.0, "start_time": 1.0, "graceful_stop": 1.0, "graceful_ramp_down": 1.0}
    other |= {"connect_timeout": 1.0, "timeout": 1.0, "pause_after_error": 1.0, "jitter": 0.5, "round_trip": 1.0}
    other |= {"connections": "fresh"}
    other |= {
        "vus": 2,
        "iterations": 2,
        "start_vus": 2,
        "max_vus": 2,
        "rate": 1.0,
        "start_rate": 1.0,
        "ramp": (Ramp(over=1.0, to=2),),
    }
    other |= {"request": {"order": 1}, "python": "shop.py", "k6": "shop.js"}
    assert other.keys() == keys(Load).keys() - {"executor"}
    for key, value in other.items():
        told = {each.path for each in load_rules.broken(replace(Load(executor=executor), **{key: value}))}
        assert ((key,) in told) or (key in load_rules.reads(executor)), key


def test_a_request_of_weight_0_is_switched_off() -> None:
    load = drill(stage("load: {executor: constant-vus, request: {order: 1, coupon: 0}}")).stages[0].load
    assert load is not None
    assert load.request == {"order": 1, "coupon": 0}


def test_a_setting_with_a_fraction_takes_a_whole_number_too() -> None:
    assert drill(stage("target: {ratio: 2}")).stages[0].target == {"ratio": 2}


@pytest.mark.parametrize("name", ["a b", "../x", "", "-a", "a.b", "x" * 65, "큐"])
def test_a_stage_name_is_part_of_file_names(name: str) -> None:
    assert "cannot be part of a file name" in only(HEAD.replace("- stage: a", f"- stage: '{name}'"))


def test_a_stage_is_not_called_as_a_key_of_the_drill() -> None:
    assert "d.yaml:5: stage 'target', expected another name" in only(HEAD.replace("- stage: a", "- stage: target"))


def test_a_drill_is_not_called_latest() -> None:
    assert only(HEAD.replace("drill: d", "drill: latest")).startswith("d.yaml:1: drill 'latest', expected another name")


def test_stage_names_are_unique() -> None:
    assert only(HEAD + "- stage: b\n- stage: a\n").startswith("d.yaml:7: 2 stages are called 'a', expected a name of its own")


def test_a_drill_has_stages_and_at_most_two_hundred() -> None:
    assert only(HEAD.replace("- stage: a", " []")).startswith("d.yaml:4: 0 stages, expected 1 to 200")
    assert len(drill(HEAD + "".join(f"- stage: s{n}\n" for n in range(199))).stages) == 200
    assert only(HEAD + "".join(f"- stage: s{n}\n" for n in range(200))).startswith("d.yaml:4: 201 stages, expected 1 to 200")


OWN = """\
drill: d
target:
  command: java -jar shop.jar --server.port={port}
  settings: {heap: 512}
  requests: {order: {post: /orders}, look: {get: /}}
stages:
- stage: a
  probe: {request: look}
"""


def test_a_service_of_ones_own_declares_its_settings_and_requests() -> None:
    assert drill(OWN).target.use is None
    assert drill(OWN + "  target: {heap: 256}\n").stages[0].target == {"heap": 256}
    assert "unknown setting 'heep'" in only(OWN + "  target: {heep: 256}\n")


def test_a_probe_that_writes_into_a_service_of_ones_own_must_be_meant() -> None:
    assert only(OWN.replace("look}", "order}")).startswith(
        "d.yaml:8: the probe's request 'order' writes into a service of your own"
    )
    meant = OWN.replace("look}", "order}").replace("  settings", "  writes: true\n  settings")
    assert drill(meant).stages[0].probe.request == "order"
    only_reads = OWN.replace("look}", "order}").replace("{post: /orders}", "{post: /orders, writes: false}")
    assert drill(only_reads).stages[0].probe.request == "order"


def test_checks_need_a_ledger() -> None:
    assert only(OWN + "checks: [no_lost_order]\n").startswith("d.yaml:9: the target has no ledger to check against")


def test_a_target_says_how_it_is_started() -> None:
    assert only(OWN.replace("  command: java -jar shop.jar --server.port={port}\n", "")).startswith(
        "d.yaml:2: the target says neither use, command nor url"
    )


def test_an_unknown_target_is_one_problem_whatever_follows_from_it() -> None:
    assert only(WHOLE.replace("use: shop", "use: shopp")) == (
        "d.yaml:3: unknown target 'shopp', expected one of shop\n  hint: did you mean 'shop'?"
    )


def test_a_setting_of_the_drill_is_one_of_its_target() -> None:
    assert only(WHOLE.replace("settings: {slots: 8}", "settings: {slotz: 8}")).startswith("d.yaml:3: unknown setting 'slotz'")
    assert only(WHOLE.replace("settings: {slots: 8}", "settings: {slots: '8'}")).startswith("d.yaml:3: setting slots is '8'")


@pytest.mark.parametrize("request_", ["{}", "{get: /, post: /}"])
def test_a_request_has_one_method(request_: str) -> None:
    assert only(OWN.replace("look: {get: /}", f"look: {request_}")).startswith("d.yaml:5: request 'look' is not one method")


def test_a_row_can_name_256_requests() -> None:
    many = ", ".join(f"r{n}: {{get: /}}" for n in range(256))
    assert only(OWN.replace("look: {get: /}", "look: {get: /}, " + many)).startswith(
        "d.yaml:5: 258 requests, expected at most 256"
    )


def test_no_consequence_is_told_beside_its_cause() -> None:
    broken_alarm = WHOLE.replace("alarm: {died: {}}", "alarm: {dead: {}}")
    assert [each.what for each in problems(broken_alarm)] == ["unknown key 'dead' in stages[1].alarm"]
    broken_deadline = WHOLE.replace("recover: 5s", "recover: 5")
    assert [each.line for each in problems(broken_deadline)] == [23]
    broken_load = WHOLE.replace("iterations: 3,", "iterations: some,")
    assert [each.line for each in problems(broken_load)] == [15]


def test_a_stage_that_is_none_does_not_hide_the_mistakes_of_the_others() -> None:
    assert [each.line for each in problems(HEAD + "- 5\n- stage: b\n  target: {slotz: 3}\n")] == [6, 8]


def test_a_stage_without_a_name_does_not_hide_its_other_mistakes() -> None:
    assert [each.what for each in problems(HEAD + "- rest: 1s\n  target: {slotz: 3}\n")] == [
        "stages[1].stage is missing",
        "unknown setting 'slotz'",
    ]
