"""Before anything starts: what this machine can host, and everything that is fixed for the run."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any, Literal

import lab
from lab import toxiproxy_binary
from lab.doctor import available
from lab.drill.address import Address, address_of
from lab.drill.model import Drill, RunPlan, Stage, Target
from lab.drill.secrets import check, secrets
from lab.load import find_k6

Runtime = Literal["sandbox", "open", "fake"]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Choices:
    """What the command line decides. ``runtime`` None: the sandbox where it is allowed, else open."""

    runtime: Runtime | None = None
    seed: int = 7
    without: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    shards: int = 1
    allow_hosts: tuple[str, ...] = ()
    toxiproxy: Path | None = None


def prepare(drill: Drill, choices: Choices, faults: Mapping[str, type[Any]], progress: Progress) -> RunPlan:
    """The plan of a run, with the stages that cannot be hosted here marked as skipped.

    Raises Refused for a running service that may not be reached, SecretMissing when a request names a variable that is
    not in the environment, and toxiproxy_binary.NotFound only when ``--toxiproxy`` named one that cannot be used.
    """
    runtime = choices.runtime or ("open" if drill.target.url else runtime_here(progress))
    if drill.target.url:
        _may_go_to(address_of(drill.target.url), runtime, choices.allow_hosts)
    if runtime != "fake":  # which sends nothing
        check(secrets(drill.target.requests), os.environ)
    skipped = {stage.stage: why for stage in drill.stages if (why := _lacks(stage, drill.target, runtime, faults))}
    proxy = _toxiproxy([s for s in drill.stages if s.stage not in skipped], runtime, choices.toxiproxy, progress)
    if proxy is None and runtime != "fake":
        skipped |= {stage.stage: "needs toxiproxy" for stage in drill.stages if stage.lane == "proxy"}
    scripts = [s.stage for s in drill.stages if s.load and s.load.k6 and s.stage not in skipped]
    k6 = _k6(progress) if scripts and runtime != "fake" else None
    if runtime == "fake":
        scripts += [s.stage for s in drill.stages if s.load and s.load.python and s.stage not in skipped]
    if k6 is None:
        why = "needs k6" if runtime != "fake" else "a script asks a real service, which the fake has not"
        skipped |= dict.fromkeys(scripts, why)
    return RunPlan(
        drill=replace(drill, skipped=skipped),
        without=choices.without,
        patches=choices.patches,
        shards=choices.shards,
        runtime=runtime,
        seed=choices.seed,
        t0_ns=time.monotonic_ns(),
        epoch_ns=time.time_ns(),
        planned={stage.stage: stage.planned_requests for stage in drill.stages},
        lab=lab.__version__,
        toxiproxy=proxy.version if proxy else None,
        toxiproxy_path=str(proxy.path) if proxy else None,
        k6_path=str(k6) if k6 else None,
        machine=machine(),
    )


class Refused(RuntimeError):
    """Before anything was started; the text ends with a hint."""


def _may_go_to(address: Address, runtime: Runtime, allowed: Sequence[str]) -> None:
    if runtime == "sandbox":
        raise Refused(
            "a running service cannot be reached from the sandbox, which has a network of its own\nhint: --runtime open"
        )
    if not address.is_loopback and address.host not in allowed:
        raise Refused(f"load to {address.host} must be asked for twice\nhint: --allow-host {address.host}")


def runtime_here(progress: Progress) -> Runtime:
    """Where a drill runs that says nothing of it."""
    why_not = _why_no_sandbox()
    if why_not is None:
        return "sandbox"
    progress(f"no sandbox here ({why_not}): running in the open; hint: lab doctor")
    return "open"


@cache
def _why_no_sandbox() -> str | None:
    """Tried once: what a machine allows does not change between two trials of a proof."""
    return available()


def _lacks(stage: Stage, target: Target, runtime: Runtime, faults: Mapping[str, type[Any]]) -> str:
    needs = faults[stage.fault.name].needs if stage.fault else frozenset()
    if ("netns" in needs or stage.kernel.given) and runtime == "open":
        return "needs the sandbox"
    collects = target.collect is not None and stage.is_load_test and runtime != "fake"
    return "needs jcmd, of a JDK (collect)" if collects and which("jcmd") is None else ""


def _toxiproxy(
    stages: Sequence[Stage], runtime: Runtime, explicit: Path | None, progress: Progress
) -> toxiproxy_binary.Found | None:
    if runtime == "fake" or not any(stage.lane == "proxy" for stage in stages):
        return None
    try:
        return toxiproxy_binary.find(explicit, progress)
    except toxiproxy_binary.NotFound as error:
        if explicit is not None:
            raise
        progress(str(error))
        return None


def _k6(progress: Progress) -> Path | None:
    try:
        return find_k6.find()
    except find_k6.NotFound as error:
        progress(str(error))
        return None


def machine() -> dict[str, str]:
    """The fingerprint: figures of two machines are never compared."""
    return {
        "cpus": str(len(os.sched_getaffinity(0))),
        "kernel": platform.release(),
        "arch": platform.machine(),
        "python": platform.python_version(),
    }
