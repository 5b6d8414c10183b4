"""Load tests put together and shortened."""

from __future__ import annotations

from dataclasses import replace

from lab import catalogue
from lab.cli.reading import KINDS, load
from lab.drill.plans import chained, scaled


def test_the_documented_plan_is_four_kinds_each_on_coupon_and_then_on_order() -> None:
    plan = load("plan", (), 1.0)
    assert [stage.stage for stage in plan.stages] == [f"{kind}-{request}" for kind in KINDS for request in ("coupon", "order")]
    assert {stage.rest for stage in plan.stages} == {10.0}
    assert {stage.judge for stage in plan.stages} == {"load"}
    assert [stage.load.most_vus for stage in plan.stages if stage.load] == [300, 300, 100, 100, 50, 50, 500, 500]
    assert 27 * 60 < sum(stage.rest + (stage.load.length_s or 0) for stage in plan.stages if stage.load) - 58 < 28.5 * 60


def test_scaling_shortens_times_and_leaves_users() -> None:
    whole = catalogue.read_drill("stress")
    short = scaled(whole, 0.1)
    (before, _), (after, _) = whole.stages, short.stages
    assert before.load is not None
    assert after.load is not None
    assert [ramp.over for ramp in after.load.ramp] == [1.0, 3.0, 3.0, 3.0, 2.0]
    assert [ramp.to for ramp in after.load.ramp] == [ramp.to for ramp in before.load.ramp]
    assert (after.rest, short.scale) == (1.0, 0.1)


def test_a_patch_of_one_kind_is_not_told_to_the_others() -> None:
    plan = load("plan", ("peak-order.load.vus=20", "target.settings.slots=8"), 1.0)
    assert [stage.load.vus for stage in plan.stages if stage.load][:2] == [300, 20]
    assert plan.target.settings["slots"] == 8


def test_thresholds_of_chained_drills_are_all_held() -> None:
    one = catalogue.read_drill("peak")
    drills = [replace(one, thresholds={"http_reqs": (said,)}) for said in ("count>1", "count>2")]
    assert chained("both", "", drills).thresholds == {"http_reqs": ("count>1", "count>2")}
