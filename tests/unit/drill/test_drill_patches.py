"""``--set`` and ``--without``: by name, before validation, and never in silence."""

from __future__ import annotations

import pytest
from drill_texts import WHOLE, drill, only, problems, stage

from lab.drill.model import FaultCall
from lab.drill.patches import measures, resolve
from lab.drill.problems import DrillErrors


def test_a_patch_names_the_stage_and_then_the_keys() -> None:
    fault = drill(WHOLE, ["queue.fault.backlog.size=8"]).stages[1].fault
    assert fault == FaultCall("backlog", {"size": 8, "every": "1s", "where": "live"})


@pytest.mark.parametrize(
    ("patch", "value"),
    [
        ("about=something else", lambda d: d.about == "something else"),
        ("alarm.errors.for=1s", lambda d: d.stages[0].alarm.errors.for_ == 1.0),
        ("checks=[]", lambda d: d.checks == ()),
        ("target.settings.slots=9", lambda d: d.target.settings["slots"] == 9),
        ("wire.lasts=5s", lambda d: d.stages[0].lasts == 5.0),
        ("wire.target.slots=4", lambda d: d.stages[0].target == {"slots": 4}),
        ("wire.within.recover=2s", lambda d: d.stages[0].within.recover == 2.0),
        ("queue.measures.auto-restart.respond.0.limit=1/5s", lambda d: d.stages[1].respond[0].limit.times == 1),
        ("queue.load.request.order=3", lambda d: d.stages[1].load.request == {"coupon": 1, "order": 3}),
        ("queue.load.request=order", lambda d: d.stages[1].load.request == {"order": 1}),
        ("wire.fault=crash", lambda d: d.stages[0].fault.name == "crash"),
        ("queue.lasts=until recovered", lambda d: d.stages[1].until_recovered),
    ],
)
def test_a_patch_is_in_force(patch: str, value: object) -> None:
    assert callable(value)
    assert value(drill(WHOLE, [patch]))


def test_a_fault_in_short_form_takes_parameters() -> None:
    assert drill(stage("fault: backlog"), ["a.fault.backlog.size=8"]).stages[0].fault is not None


def test_a_later_patch_wins() -> None:
    assert drill(WHOLE, ["wire.lasts=5s", "wire.lasts=6s"]).stages[0].lasts == 6.0


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ("wire.lasts=5", "--set wire.lasts: stages[0].lasts: 5 is not a duration, expected a number and its unit"),
        ("wire.lasts=", "--set wire.lasts: 'lasts' has no value, expected"),
        ("wire.lasts", "--set wire.lasts: not a patch, expected NAME.key=value"),
        ("wire..lasts=3s", "--set wire..lasts=3s: not a patch"),
        ("wire=3", "--set wire: wire is a whole stage, expected one of its keys"),
        ("wier.lasts=3s", "--set wier.lasts: no stage and no key of a drill is called 'wier', expected one of about"),
        ("wire.last=3s", "--set wire.last: unknown key 'last' in stages[0], expected one of"),
        ("queue.target.slotz=3", "--set queue.target.slotz: unknown setting 'slotz'"),
        ("queue.fault.backlog.size=big", "--set queue.fault.backlog.size: fault backlog: size is 'big', expected a whole number"),
        ("queue.measures.auto-restart.respond.7.limit=1/5s", "--set queue.measures.auto-restart.respond.7.limit: stages[1]"),
        ("wire.lasts.more=1s", "--set wire.lasts.more: stages[0].lasts has no 'more', expected a path"),
        ("wire.lasts={a: 1, a: 2}", "--set wire.lasts: key 'a' stands twice"),
        ("wire.lasts=[", "--set wire.lasts: not YAML: "),
    ],
)
def test_a_wrong_patch_is_told_by_its_own_name(patch: str, told: str) -> None:
    assert only(WHOLE, [patch]).startswith(told)


def test_wrong_patches_are_told_beside_the_files_mistakes() -> None:
    told = problems(WHOLE.replace("lasts: 3s", "lasts: 3"), ["queue.rest=3", "nobody.rest=3s"])
    assert [(each.file, each.line) for each in told] == [("d.yaml", 11), ("--set nobody.rest", 0), ("--set queue.rest", 0)]


def test_without_takes_the_measure_out_of_every_stage() -> None:
    whole = drill(WHOLE)
    assert measures(whole) == ["auto-restart", "settings"]
    control = resolve(whole, ["auto-restart"])
    assert list(control.stages[1].measures) == ["settings"]
    assert control.stages[1].respond == ()
    assert resolve(whole, []) == whole


def test_without_an_unknown_measure_is_an_error_that_lists_them() -> None:
    with pytest.raises(DrillErrors) as raised:
        resolve(drill(WHOLE), ["auto-restrat", "settings"])
    assert str(raised.value) == (
        "--without auto-restrat: drill conn-reset has no such measure, expected one of auto-restart, settings\n"
        "  hint: did you mean 'auto-restart'?"
    )
