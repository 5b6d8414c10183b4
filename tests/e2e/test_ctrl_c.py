"""Ctrl-C in every phase of a run: healed, judged as far as it went, exit 130, nothing left running."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import short_drills
from lab_process import Done, Lab

PHASES: dict[str, tuple[str, dict[str, str]]] = {
    "before there is a target": ("stage", {"phase": "begin"}),
    "before the load": ("target", {"state": "ready"}),
    "in the baseline": ("baseline", {"phase": "begin"}),
    "while the fault stands": ("inject", {"phase": "end"}),
    "in the cool-down": ("heal", {"phase": "end"}),
}
"""Each with the event that it begins with."""

pytestmark = [pytest.mark.slow, pytest.mark.namespaces, pytest.mark.toxiproxy]


@dataclass(frozen=True)
class Interrupted:
    done: Done
    verdict: dict[str, Any]
    events: list[dict[str, Any]]
    ended_by: list[dict[str, Any]]
    """What the control process wrote in the runner's place."""


def interrupted(place: Path, drill: str, phase: str, number: int = signal.SIGINT, runtime: str = "sandbox") -> Interrupted:
    kind, fields = PHASES[phase]
    with Lab(place, "drill", drill, "--runtime", runtime) as lab:
        lab.until_event(kind, **fields)
        namespaces = frozenset[str]().union(*(each.namespaces for each in lab.bearers()))
        lab.process.send_signal(number)
        done = lab.done()
        lab.nothing_is_left(namespaces)
        return Interrupted(done, lab.verdict(), lab.events(), lab.events("control"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ctrl-c")


@pytest.fixture(scope="module")
def runs(place: Path) -> Iterator[dict[str, Future[Interrupted]]]:
    """All at a time: they wait for most of their time."""
    crash, wire = short_drills.crash(place), short_drills.wire(place)
    with ThreadPoolExecutor(8) as pool:
        found = {phase: pool.submit(interrupted, place, crash, phase) for phase in PHASES}
        fault = "while the fault stands"
        found["in the open"] = pool.submit(interrupted, place, crash, fault, runtime="open")
        found["on the wire"] = pool.submit(interrupted, place, wire, fault)
        found["by SIGTERM"] = pool.submit(interrupted, place, crash, fault, number=signal.SIGTERM)
        yield found


@pytest.mark.parametrize("phase", [*PHASES, "in the open", "on the wire"])
def test_it_ends_with_130_and_is_judged_as_far_as_it_went(runs: dict[str, Future[Interrupted]], phase: str) -> None:
    run = runs[phase].result()
    assert run.done.code == 130, run.done.err
    assert run.verdict["verdict"] == "interrupted"
    assert run.verdict["exit"] == 130
    assert run.done.err.splitlines()[-1].startswith("INTERRUPTED")
    assert "as far as it went" in run.done.out


def test_sigterm_does_the_same_and_ends_with_143(runs: dict[str, Future[Interrupted]]) -> None:
    run = runs["by SIGTERM"].result()
    assert run.done.code == 143, run.done.err
    assert run.verdict["verdict"] == "interrupted"


@pytest.mark.parametrize("where", ["while the fault stands", "in the open", "on the wire"])
def test_a_fault_that_stands_is_healed_first(runs: dict[str, Future[Interrupted]], where: str) -> None:
    events = [(event["kind"], event.get("phase"), event.get("reason")) for event in runs[where].result().events]
    healed = [("heal", "begin", "interrupted"), ("heal", "end", "interrupted")]
    assert [event for event in events if event[0] == "heal"] == healed
    assert events.index(healed[1]) < events.index(("run", "end", "interrupted"))


def test_what_was_measured_until_then_is_told(runs: dict[str, Future[Interrupted]]) -> None:
    run = runs["in the cool-down"].result()
    (stage,) = run.verdict["stages"]
    assert stage["verdict"] == "unknown"
    assert stage["episodes"][0]["recovered_s"] is not None


def test_twice_the_room_is_gone_at_once(place: Path) -> None:
    """This target ignores SIGTERM, so a kind end would take its grace, and the runner would have the last word."""
    with Lab(place, "drill", short_drills.service(place, "200", "stubborn"), "--runtime", "sandbox") as lab:
        lab.until_event("baseline", phase="begin")
        namespaces = frozenset[str]().union(*(each.namespaces for each in lab.bearers()))
        lab.process.send_signal(signal.SIGINT)
        lab.until(lambda: "lab.load.shard" not in str([each.argv for each in lab.bearers()]), "the end of the load")
        lab.process.send_signal(signal.SIGINT)
        assert lab.done().code == 130
        lab.nothing_is_left(namespaces, within_s=1.0)
        assert not [event for event in lab.events() if event["kind"] == "run" and event["phase"] == "end"]
        assert [event["reason"] for event in lab.events("control")] == ["interrupted"]
        assert lab.verdict()["verdict"] == "interrupted"


def test_before_the_runner_listens_it_is_told_as_soon_as_it_does(place: Path) -> None:
    with Lab(place, "drill", short_drills.crash(place), "--runtime", "sandbox") as lab:
        lab.until(lambda: lab.run_dir and (lab.run_dir / "logs" / "runner.log").exists(), "a room")
        lab.process.send_signal(signal.SIGINT)
        assert lab.done().code == 130
        lab.nothing_is_left()
        assert lab.verdict()["verdict"] == "interrupted"
