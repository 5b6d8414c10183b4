"""A part of the lab or of its surroundings breaks: unknown, said so in words, the history kept. Never a pass."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Sequence
from io import RawIOBase
from pathlib import Path
from typing import Any, NoReturn

import pytest
import short_drills
from lab_process import RUNNER, SHARD, TARGET, TOXIPROXY, Lab

pytestmark = [pytest.mark.slow]
SANDBOX = ("--runtime", "sandbox")
OPEN = ("--runtime", "open")


def unknown(lab: Lab, *words: str) -> dict[str, Any]:
    """It ends with 3 and its reasons hold these words, in the verdict and on the last line of stderr or in the report."""
    done = lab.done()
    verdict = lab.verdict()
    assert (done.code, verdict["verdict"], verdict["exit"]) == (3, "unknown", 3), done.err + done.out
    reasons = [*verdict["reasons"], *(reason for stage in verdict["stages"] for reason in stage["reasons"])]
    for word in words:
        assert word in "\n".join(reasons)
        assert word in done.out
    assert done.err.splitlines()[-1].startswith("UNKNOWN")
    lab.nothing_is_left()
    return verdict


@pytest.mark.namespaces
def test_the_runner_dies(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.crash(tmp_path), *SANDBOX) as lab:
        lab.until_event("baseline", phase="begin")
        lab.kill(*RUNNER)
        unknown(lab, "the runner died (SIGKILL)")
        assert lab.events()[-1]["kind"] != "run", "the history is kept up to there"
        assert lab.events("control")[-1] == lab.events("control")[0] | {"reason": "broken: the runner died (SIGKILL)"}


def test_the_runner_dies_in_the_open(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.crash(tmp_path), *OPEN) as lab:
        lab.until_event("baseline", phase="begin")
        lab.kill(*RUNNER)
        unknown(lab, "the runner died (SIGKILL)")


@pytest.mark.namespaces
def test_the_load_dies(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.crash(tmp_path), *SANDBOX) as lab:
        lab.until_event("baseline", phase="begin")
        lab.kill(*SHARD)
        unknown(lab, "the load died: SIGKILL")


@pytest.mark.namespaces
def test_the_probe_is_late(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.crash(tmp_path), *SANDBOX) as lab:
        lab.until_event("baseline", phase="begin")
        runner = lab.pid_of(*RUNNER)
        os.kill(runner, signal.SIGSTOP)
        time.sleep(0.7)  # the fault that is tried here, nothing is waited for: 70 of the run's 1,100 requests
        os.kill(runner, signal.SIGCONT)
        unknown(lab, "the probe was late: ")


def test_a_fault_that_does_nothing_has_not_landed(tmp_path: Path) -> None:
    drill = short_drills.noop(tmp_path)
    with Lab(tmp_path, "drill", drill, "--runtime", "fake") as lab:
        unknown(lab, "the fault has not landed")


@pytest.mark.namespaces
@pytest.mark.toxiproxy
def test_toxiproxy_dies_while_its_fault_stands(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.wire(tmp_path), *SANDBOX) as lab:
        lab.until_event("inject", phase="end")
        proxies = [each for each in lab.bearers() if each.argv[1:3] == TOXIPROXY]
        assert len(proxies) == 1
        os.kill(proxies[0].pid, signal.SIGKILL)
        verdict = unknown(lab, "fault reset_peer, heal: ")
        assert [event["kind"] for event in lab.events()][-2:] == ["stage", "run"], "the run has ended in order"
        assert all(each["verdict"] == "pass" for each in verdict["invariants"]), "the ledger was read"


@pytest.mark.namespaces
def test_a_target_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.chatterbox(tmp_path), *SANDBOX) as lab:
        ended = "the target ended while it started (exit code 7)"
        unknown(lab, ended, "the last 20 lines of its log:", "line 30 of my last words", "line 11 of")
        assert "line 10 of" not in lab.done().out, "the last 20 lines"


@pytest.mark.namespaces
def test_a_target_that_dies_in_the_baseline(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.crash(tmp_path), *SANDBOX) as lab:
        lab.until_event("baseline", phase="begin")
        lab.kill(*TARGET)
        unknown(lab, "the target died before the fault was injected: SIGKILL")


@pytest.mark.namespaces
def test_a_target_that_answers_500_from_the_start(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.service(tmp_path, "500"), *SANDBOX) as lab:
        verdict = unknown(lab, "baseline not steady")
        assert verdict["stages"][0]["evidence"]["probe"]["outcomes"].keys() == {"bad_status"}


@pytest.mark.namespaces
def test_the_same_service_that_answers_200_passes(tmp_path: Path) -> None:
    with Lab(tmp_path, "drill", short_drills.service(tmp_path, "200"), *SANDBOX) as lab:
        assert lab.done().code == 0


def test_a_taken_port_in_the_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Lab(tmp_path, "drill", short_drills.service(tmp_path, "200", more=f"port: {port}"), *OPEN) as lab:
            unknown(lab, f"port {port} is taken on this machine")
            assert "\nhint: leave `port` out" in lab.done().err


@pytest.mark.namespaces
@pytest.mark.parametrize("runtime", ["sandbox", "open"])
def test_a_full_disk_ends_the_run_and_keeps_what_it_has(tmp_path: Path, runtime: str) -> None:
    with on_a_small_disk(tmp_path, ["--runtime", runtime], "size=8m") as lab:
        lab.until_event("baseline", phase="begin")
        fill(lab.root)
        done = lab.done()
        lab.nothing_is_left()
    assert done.code == 3, done.err + done.out
    assert "error: the disk of the run directory is full" in done.err
    assert done.err.splitlines()[-1].startswith("UNKNOWN")
    (saved,) = (plan.parent for plan in (tmp_path / "saved").glob("short-crash/*/drill.json"))
    assert '"kind":"baseline"' in (saved / "events-run.jsonl").read_text()
    assert (saved / "requests-probe.arrows").stat().st_size > 1000
    with Lab(tmp_path, "analyze", str(saved)) as again:
        assert again.done().code == 3


@pytest.mark.namespaces
def test_no_room_for_a_run_at_all_is_refused(tmp_path: Path) -> None:
    with on_a_small_disk(tmp_path, OPEN, "nr_inodes=4") as lab:
        done = lab.done()
    assert done.code == 2, done.err
    assert done.err.startswith("error: the run directory cannot be made: No space left on device")
    assert "hint:" in done.err


def on_a_small_disk(place: Path, arguments: Sequence[str], options: str) -> Lab:
    """A crash, its run root a tmpfs in a mount namespace of its own, copied to ``saved`` at the end."""
    disk = place / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o {options} tmpfs {disk} && {{ "$@"; code=$?; cp -a {disk}/. {place}/saved; exit $code; }}'
    within = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    lab = Lab(place, "drill", short_drills.crash(place), *arguments, within=within, root=disk)
    lab.root = Path(f"/proc/{lab.process.pid}/root{disk}")  # as it is seen from out here
    return lab


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        write_on(filler)


def write_on(filler: RawIOBase) -> NoReturn:
    while True:
        filler.write(bytes(1 << 16))
