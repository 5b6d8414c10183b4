"""Which trials there are, and in which order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import catalogue
from lab.prove.claims import Arm
from lab.prove.plan import Setting, Trial, again, alone, grouped, is_light, longest_s, settings, trials
from tests.unit.prove.outcomes import claim

RESTART = claim("auto-restart", drill="conn-reset")
SETTINGS = claim("network-settings", drill="conn-reset")
SMALL = Arm(set={"accept-queue.fault.backlog.size": 8, "accept-queue.target.defer_accept": False})


def test_claims_with_the_same_arm_share_its_trials() -> None:
    assert [str(each) for each in settings([RESTART, SETTINGS])] == [
        "conn-reset --without auto-restart",
        "conn-reset",
        "conn-reset --without network-settings",
    ]


def test_patches_are_as_set_has_them() -> None:
    patches = Setting.of(RESTART, SMALL).patches
    assert patches == ("accept-queue.fault.backlog.size=8", "accept-queue.target.defer_accept=false")


def test_each_round_runs_each_arm_once_with_the_same_seed() -> None:
    found = trials([RESTART, SETTINGS], rounds=6, seed=7)
    assert set(Counter(trial.setting for trial in found).values()) == {6}
    assert [trial.seed for trial in found] == [seed for seed in range(7, 13) for _ in range(3)]


def test_the_order_is_drawn_from_the_seed() -> None:
    orders = {tuple(str(trial.setting) for trial in trials([RESTART, SETTINGS], rounds=6, seed=seed)) for seed in range(5)}
    assert len(orders) > 1
    assert trials([RESTART], rounds=6, seed=3) == trials([RESTART], rounds=6, seed=3)


def test_a_claim_about_one_stage_runs_no_other() -> None:
    setting = Setting.of(claim(drill="conn-reset", stage="accept-queue"), Arm())
    drill = catalogue.read_drill("conn-reset")
    assert [stage.stage for stage in alone(drill, setting.stage).stages] == ["accept-queue"]
    assert alone(drill, None) == drill
    assert alone(drill, "no such stage").stages == ()
    assert str(setting) == "conn-reset (accept-queue)"


def test_who_is_alone_rests_after_nobody() -> None:
    drill = catalogue.read_drill("conn-reset")
    assert [stage.rest for stage in drill.stages] == [0.0, 2.0]
    assert [stage.rest for stage in alone(drill, "accept-queue").stages] == [0.0]


def test_a_trial_that_is_run_again_has_a_seed_of_its_own() -> None:
    planned = trials([RESTART], rounds=6, seed=7)
    more = [again(trial, 6) for trial in planned]
    assert not {(trial.setting, trial.seed) for trial in planned} & {(trial.setting, trial.seed) for trial in more}


LIGHT = ("crash", "hang", "idle-connections", "restart-misfire", "crash-loop")
HEAVY_ONES = ("crash-at-peak", "conn-reset", "peak-backlog", "overload-restart")


@pytest.mark.parametrize(("name", "light"), [*((each, True) for each in LIGHT), *((each, False) for each in HEAVY_ONES)])
def test_a_light_trial_is_one_of_a_probe_and_a_few_users(name: str, light: bool) -> None:
    assert is_light(catalogue.read_drill(name)) is light


@pytest.mark.parametrize(
    ("patch", "light"),
    [("vus=50", True), ("vus=51", False), ("executor=ramping-arrival-rate", False), ("executor=constant-arrival-rate", False)],
)
def test_what_asks_more_than_was_measured_is_not_light(patch: str, light: bool) -> None:
    (stage,) = (drill := catalogue.read_drill("crash")).stages
    key, _, value = patch.partition("=")
    assert stage.load is not None
    load = replace(stage.load, **{key: int(value) if value.isdigit() else value})
    assert is_light(replace(drill, stages=(replace(stage, load=load),))) is light


def test_two_who_ask_a_running_service_are_in_no_room() -> None:
    drill = catalogue.read_drill("crash")
    assert not is_light(replace(drill, target=replace(drill.target, url="http://127.0.0.1:8080")))


A, B, C, HEAVY = (Setting(name, None, (), ()) for name in ("a", "b", "c", "heavy"))
LENGTHS_S = {A: 8.0, B: 13.0, C: 16.0, HEAVY: 9.0}


def rounds_of(count: int) -> list[Trial]:
    return [Trial(setting, number, number) for number in range(count) for setting in (A, HEAVY, B, C)]


def test_light_trials_run_beside_each_other_and_those_of_two_rounds_meet() -> None:
    groups = grouped(rounds_of(4), lambda setting: setting != HEAVY, LENGTHS_S.__getitem__)
    drills = [" ".join(f"{trial.setting.drill}{trial.round}" for trial in group) for group in groups]
    assert drills == ["heavy0", "c0 c1 b0 b1 a0 a1", "heavy1", "heavy2", "c2 c3 b2 b3 a2 a3", "heavy3"]


def test_the_light_trials_of_the_last_of_three_rounds_stay_for_themselves() -> None:
    groups = grouped(rounds_of(3), lambda setting: setting != HEAVY, LENGTHS_S.__getitem__)
    assert [{trial.round for trial in group} for group in groups] == [{0}, {0, 1}, {1}, {2}, {2}]


def test_where_none_is_light_all_stay_as_drawn() -> None:
    assert grouped(planned := rounds_of(2), lambda _: False, LENGTHS_S.__getitem__) == [(trial,) for trial in planned]


def test_the_longest_drill_is_first_and_its_arms_stay_as_they_were_drawn() -> None:
    b_without = replace(B, without=("m",))
    drawn = [B, C, b_without, A]
    for order in (drawn, drawn[::-1]):
        ((*group,),) = grouped(
            [Trial(setting, 0, 0) for setting in order], lambda _: True, lambda setting: LENGTHS_S[replace(setting, without=())]
        )
        found = [trial.setting for trial in group]
        assert found == [C, *(each for each in order if each.drill == "b"), A]


@given(st.lists(st.sampled_from([A, B, C, HEAVY]), max_size=12))
def test_each_trial_runs_once_and_a_heavy_one_alone(order: list[Setting]) -> None:
    planned = [Trial(setting, number // 5, number) for number, setting in enumerate(order)]
    groups = grouped(planned, lambda setting: setting != HEAVY, LENGTHS_S.__getitem__)
    assert sorted(trial.seed for group in groups for trial in group) == list(range(len(order)))
    assert all(len(group) == 1 for group in groups if any(trial.setting == HEAVY for trial in group))


@pytest.mark.parametrize(
    ("lengths_s", "at_a_time", "s"),
    [([9, 18, 16], 2, 25), ([9, 18, 16], 1, 43), ([9, 18], 2, 18), ([9], 2, 9), ([9, 18, 16], 3, 18)],
)
def test_the_next_begins_as_soon_as_there_is_room(lengths_s: list[float], at_a_time: int, s: float) -> None:
    assert longest_s(lengths_s, at_a_time) == s


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=12), st.integers(1, 4))
def test_who_ends_earlier_makes_none_later(lengths_s: list[tuple[int, int]], at_a_time: int) -> None:
    longest = longest_s([length_s for length_s, _ in lengths_s], at_a_time)
    assert longest_s([max(0, length_s - sooner_s) for length_s, sooner_s in lengths_s], at_a_time) <= longest
