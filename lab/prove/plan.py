"""Which trials a document takes, and in which order. Pure.

Claims whose arms are the same (drill, measures left out, patches) share trials. Every round runs each arm once, in an order
drawn from the seed: what slowly changes on the machine meets all arms alike. Seed and phase differ from round to round and
are the same for all arms of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from random import Random

from lab.drill.model import Drill, Load
from lab.drill.units import format_scalar
from lab.prove.claims import Arm, Claim

LIGHT_VUS, LIGHT_RATE = 50, 50.0
"""Users who wait for their answers, arrivals per second, at most. A trial with them takes 0.4 to 0.8 of a core, its target most
of it [M]."""


def patches(arm: Arm) -> tuple[str, ...]:
    """What the arm sets, as a person would type it behind ``--set``: what a key holds after the key."""
    return tuple(f"{key}={format_scalar(arm.set[key])}" for key in sorted(arm.set, key=lambda key: key.split(".")))


def alone(drill: Drill, stage: str | None) -> Drill:
    """The drill with the one stage that is judged, if it has several: what the others do is no part of the claim. What it
    rests after them is none either."""
    stages = [each for each in drill.stages if stage in (None, each.stage)]
    stages[:1] = [replace(first, rest=0.0) for first in stages[:1]]
    return replace(drill, stages=tuple(stages))


@dataclass(frozen=True)
class Setting:
    """One way to run one drill, or one ``stage`` of it; what trials are shared by."""

    drill: str
    stage: str | None
    without: tuple[str, ...]
    patches: tuple[str, ...]

    @classmethod
    def of(cls, claim: Claim, arm: Arm) -> Setting:
        return cls(claim.drill, claim.stage, tuple(sorted(arm.without)), patches(arm))

    def __str__(self) -> str:
        name = self.drill if self.stage is None else f"{self.drill} ({self.stage})"
        parts = [name, *(f"--without {name}" for name in self.without), *(f"--set {patch}" for patch in self.patches)]
        return " ".join(parts)


@dataclass(frozen=True)
class Trial:
    """``round``: 0, 1, …; the same in all arms that are compared."""

    setting: Setting
    round: int
    seed: int


def settings(claims: Sequence[Claim]) -> list[Setting]:
    """Every arm once, in the order of the document."""
    return list(dict.fromkeys(setting for claim in claims for setting in arms(claim)))


def arms(claim: Claim) -> tuple[Setting, Setting]:
    """(without, with)."""
    return Setting.of(claim, claim.without), Setting.of(claim, claim.with_)


def spared_with(claim: Claim) -> bool:
    """Is it the arm *with* what is claimed that should do better? A measure spares, a cause strikes."""
    return claim.kind == "measure"


def trials(claims: Sequence[Claim], *, rounds: int, seed: int) -> list[Trial]:
    order = Random(seed)
    found: list[Trial] = []
    for number in range(rounds):
        todo = settings(claims)
        order.shuffle(todo)
        found += [Trial(setting, number, seed + number) for setting in todo]
    return found


def is_light(drill: Drill) -> bool:
    """May another run beside it, in a room of its own? A load test is about what the machine can do, which it must have for
    itself, and so is what asks much of it; a running service is in no room.
    """
    return drill.target.url is None and all(
        not stage.is_load_test and (stage.load is None or _is_light(stage.load)) for stage in drill.stages
    )


def _is_light(load: Load) -> bool:
    if load.scripted:
        return False
    if load.closed:
        return load.most_vus <= LIGHT_VUS
    return load.rate is not None and load.rate <= LIGHT_RATE


def grouped(
    planned: Sequence[Trial], light: Callable[[Setting], bool], length_s: Callable[[Setting], float]
) -> list[tuple[Trial, ...]]:
    """Which trials may run beside each other: light ones that follow each other; every other is alone.

    The light ones of a round come last, of the next first, and so on: those of two rounds are one group, and wait once for
    its last.
    """
    in_order: list[Trial] = []
    for number, (_, of_round) in enumerate(groupby(planned, key=lambda trial: trial.round)):
        in_order += sorted(of_round, key=lambda trial: light(trial.setting), reverse=number % 2 == 1)  # stable either way
    groups: list[tuple[Trial, ...]] = []
    for beside, following in groupby(in_order, key=lambda trial: light(trial.setting)):
        found = tuple(following)
        groups += [_longest_first(found, length_s)] if beside else [(trial,) for trial in found]
    return groups


def _longest_first(group: tuple[Trial, ...], length_s: Callable[[Setting], float]) -> tuple[Trial, ...]:
    """By drill, so that the last of the group are short and end together. The arms of a drill stay as they were drawn, side by
    side, which is nothing that one of them would gain from."""
    longest: dict[str, float] = {}
    for trial in group:
        drill = trial.setting.drill
        longest[drill] = max(longest.get(drill, 0.0), length_s(trial.setting))
    return tuple(sorted(group, key=lambda trial: (-longest[trial.setting.drill], trial.setting.drill)))


def longest_s(lengths_s: Sequence[float], at_a_time: int) -> float:
    """How long trials take of which each takes so long at most, the next begun as soon as there is room."""
    free_at_s = [0.0] * at_a_time
    for length_s in lengths_s:
        free_at_s[free_at_s.index(min(free_at_s))] += length_s
    return max(free_at_s)


def again(trial: Trial, rounds: int) -> Trial:
    """In the place of one that says nothing; with a seed that no other trial of its arm has had."""
    return Trial(trial.setting, trial.round + rounds, trial.seed + rounds)
