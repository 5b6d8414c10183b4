"""Drill files as texts, with faults and a target that are in no catalogue, and what reading them tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

import pytest

from lab.drill.model import Drill, Request, Target
from lab.drill.problems import DrillErrors, Problem
from lab.drill.reader import read
from lab.drill.units import Seconds


@dataclass(frozen=True, kw_only=True)
class Toxic:
    lost: Literal["request", "reply"]
    name: ClassVar[str] = "reset_peer"
    needs: ClassVar[frozenset[str]] = frozenset({"proxy"})


@dataclass(frozen=True, kw_only=True)
class Shrink:
    size: int
    every: Seconds = 0.25
    where: Literal["live", "live+config"] = "live"
    name: ClassVar[str] = "backlog"
    needs: ClassVar[frozenset[str]] = frozenset({"pid"})

    def __post_init__(self) -> None:
        if self.size > 4096:
            raise ValueError(f"size {self.size} is more than the kernel takes: expected at most 4096")


@dataclass(frozen=True, kw_only=True)
class Kill:
    name: ClassVar[str] = "crash"
    needs: ClassVar[frozenset[str]] = frozenset({"pid"})


FAULTS: dict[str, type] = {"reset_peer": Toxic, "backlog": Shrink, "crash": Kill}
SHOP = Target(
    command="{python} -m shop",
    ledger="/ledger",
    settings={"backlog": 1024, "slots": 40, "full": "wait", "defer_accept": False, "ratio": 1.5},
    requests={"coupon": Request(post="/coupons"), "order": Request(post="/orders")},
)


@dataclass(frozen=True)
class File:
    text: str
    label: str


def drill(text: str, patches: Sequence[str] = (), runbooks: Mapping[str, File] = MappingProxyType({})) -> Drill:
    return read(text, "d.yaml", faults=FAULTS, targets={"shop": SHOP}, patches=patches, runbooks=runbooks)


def problems(text: str, patches: Sequence[str] = (), runbooks: Mapping[str, File] = MappingProxyType({})) -> list[Problem]:
    with pytest.raises(DrillErrors) as raised:
        drill(text, patches, runbooks)
    return list(raised.value.problems)


def only(text: str, patches: Sequence[str] = ()) -> str:
    (problem,) = problems(text, patches)
    return str(problem)


HEAD = """\
drill: d
target: {use: shop}
alarm: {errors: {above: 20%, over: 500ms, for: 250ms}}
stages:
- stage: a
"""


def stage(*lines: str) -> str:
    """A drill whose stage's keys begin in line 6."""
    return HEAD + "".join(f"  {line}\n" for line in lines)


WHOLE = """\
drill: conn-reset
about: what it is about
target: {use: shop, settings: {slots: 8}}
checks: [no_oversell]
alarm: {errors: {above: 20%, over: 500ms, for: 250ms}}
stages:
  - stage: wire
    lane: proxy
    load: {executor: constant-vus, vus: 50, request: {coupon: 1, order: 2}}
    fault: {reset_peer: {lost: reply}}
    lasts: 3s
  - stage: queue
    rest: 2s
    target: {backlog: 512, defer_accept: true}
    load: {executor: shared-iterations, vus: 3, iterations: 3, request: coupon, jitter: 50%}
    probe: {rate: 6000/m, connect: 100ms}
    fault: {backlog: {size: 16, every: 1s}}
    lasts: until recovered
    alarm: {died: {}}
    measures:
      auto-restart: {respond: [{when: died, do: restart, limit: 2/1m}]}
      settings: {target: {backlog: 2048}}
    within: {detect: 2s, recover: 5s}
"""
