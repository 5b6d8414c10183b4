"""A real room: what can be done inside, and what cannot be reached. And that the canary notices when it can."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from sandbox_users import Starter, starter  # noqa: F401 — a fixture

from lab.process import Process
from lab.runtimes.sandbox import canary
from lab.runtimes.sandbox.canary import Bait, fact
from lab.runtimes.sandbox.launch import command, environment, is_root

TRIAL = """
import json
from dataclasses import asdict
from lab.runtimes.sandbox.launch import is_root
from lab.runtimes.sandbox.trial import try_out
trial = try_out(as_root=is_root())
print(json.dumps({"root": is_root(), **asdict(trial)}))
"""
ROOM = """
import os, sys
from pathlib import Path
from lab.process import Process
from lab.runtimes.sandbox.launch import command, environment, is_root
run_dir = Path(sys.argv[1])
run_dir.mkdir(exist_ok=True)
room = Process.spawn(command(run_dir, sys.argv[2:], as_root=is_root()), env=environment(os.environ))
sys.exit(room.wait_blocking(10))
"""


@pytest.mark.namespaces
@pytest.mark.slow
def test_every_fact_of_a_room_holds(starter: Starter) -> None:  # noqa: F811
    """A Unix socket in /tmp and one elsewhere, a loopback port, a variable, a file: none reached, none changed;
    a sysctl, the run directory, a running listener: changed; and seen from outside the same."""
    done = starter.run(TRIAL)
    assert done.returncode == 0, done.stderr
    trial = json.loads(done.stdout)
    facts = {found["name"]: found for found in trial["facts"]}
    assert [found for found in facts.values() if not found["ok"]] == []
    assert {"outside sockets", "environment", "machine's files", "machine's sysctl", "written inside", "sysctl"} <= set(facts)
    assert trial["root"] is (os.geteuid() == 0 and starter.python[0] == sys.executable)


@pytest.mark.namespaces
@pytest.mark.slow
def test_the_working_directory_the_code_and_the_run_directory_are_seen_below_tmp_and_nothing_else(starter: Starter) -> None:  # noqa: F811
    look = "pwd; ls; touch run/x && echo written; touch y || echo refused; ls -A /tmp /run /dev/shm; echo $HOME; touch $HOME/z"
    done = starter.run(ROOM, str(starter.place / "run"), "sh", "-c", look)
    ours = _code_below_tmp() if starter.python[0] == sys.executable else set()  # nobody runs a copy in starter.place
    assert done.stdout.split("\n") == [
        *(str(starter.place), "code", "run", "written", "refused"),
        *("/dev/shm:", "", "/run:", "", "/tmp:", *sorted({"home", starter.place.name, *ours}), "/tmp/home", ""),
    ]


def _code_below_tmp() -> set[str]:
    """What is seen besides, when the checkout or the interpreter itself lies below /tmp."""
    code = [Path(part).resolve() for part in (*sys.path, sys.prefix, sys.base_prefix)]
    return {part.parts[2] for part in code if part.is_relative_to("/tmp") and len(part.parts) > 2}


@pytest.mark.namespaces
def test_a_machine_wide_sysctl_cannot_be_set_even_by_root(starter: Starter) -> None:  # noqa: F811
    """Read back, with the value that it has, so that a failure of this test harms nothing."""
    attempt = "read v < /proc/sys/vm/swappiness; (echo $v > /proc/sys/vm/swappiness) 2>/dev/null || echo refused"
    assert starter.run(ROOM, str(starter.place / "run"), "sh", "-c", attempt).stdout == "refused\n"


@pytest.mark.namespaces
def test_the_exit_code_of_the_runner_comes_out(starter: Starter) -> None:  # noqa: F811
    assert starter.run(ROOM, str(starter.place / "run"), "sh", "-c", "exit 42").returncode == 42


@pytest.mark.namespaces
def test_a_room_is_asked_to_end_by_its_group_and_may_tidy_up(tmp_path: Path) -> None:
    runner = "trap 'echo healed > $0/said; exit 5' TERM; echo up > $0/said; while :; do sleep 600 & wait $!; done"
    room = Process.spawn(command(tmp_path, ["sh", "-c", runner, str(tmp_path)], as_root=is_root()), env=environment(os.environ))
    deadline = time.monotonic() + 5
    while not (tmp_path / "said").exists():
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert room.signal_group(signal.SIGTERM)
    assert room.wait_blocking(5) == 5
    assert (tmp_path / "said").read_text() == "healed\n"


@pytest.mark.namespaces
def test_a_runner_that_is_not_there_is_127_and_one_line(starter: Starter) -> None:  # noqa: F811
    done = starter.run(ROOM, str(starter.place / "run"), "/no-such-runner")
    assert (done.returncode, done.stderr) == (127, "sandbox: cannot start /no-such-runner: No such file or directory\n")


@pytest.mark.namespaces
def test_a_room_that_cannot_be_built_is_125_and_one_line(starter: Starter) -> None:  # noqa: F811
    code = ROOM.replace("as_root=is_root()", "as_root=is_root(), writable=[Path('/no/such/place')]")
    done = starter.run(code, str(starter.place / "run"), "true")
    assert done.returncode == 125
    assert done.stderr.count("\n") == 1
    assert "No such file or directory (/no/such/place)" in done.stderr


@pytest.mark.namespaces
def test_a_room_whose_lab_died_while_it_was_built_does_not_start(starter: Starter) -> None:  # noqa: F811
    code = ROOM.replace(
        "command(run_dir, sys.argv[2:], as_root=is_root())",
        "[w.replace('$$', '1') for w in command(run_dir, sys.argv[2:], as_root=is_root())]",
    )
    done = starter.run(code, str(starter.place / "run"), "touch", str(starter.place / "run" / "started"))
    assert done.returncode == 125
    assert "is gone" in done.stderr
    assert not (starter.place / "run" / "started").exists()


# Each check of the canary, where it must fail: outside of any room.


def bait(tmp_path: Path, port: int = 1, sockets: tuple[str, ...] = ()) -> Bait:
    (tmp_path / "outside").write_text("x")
    return Bait(str(tmp_path / "no-run-dir"), str(tmp_path / "outside"), sockets, port, "the-secret")


def test_the_canary_notices_foreign_processes() -> None:
    assert not fact("processes", canary.pid_1).ok


def test_the_canary_notices_a_file_that_can_be_changed(tmp_path: Path) -> None:
    assert "could be changed" in fact("outside files", partial(canary.outside_files, bait(tmp_path))).detail


def test_the_canary_notices_a_socket_that_answers(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        assert (
            fact("outside sockets", partial(canary.outside_sockets, bait(tmp_path, sockets=(path,)))).detail
            == f"connected to {path}"
        )


def test_the_canary_notices_a_port_that_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = fact("outside sockets", partial(canary.outside_sockets, bait(tmp_path, port)))
    assert (found.ok, found.detail) == (False, f"connected to 127.0.0.1:{port}")


def test_the_canary_notices_a_variable_and_does_not_repeat_its_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "the-secret")
    found = fact("environment", partial(canary.environment, bait(tmp_path)))
    assert (found.ok, found.detail) == (False, "SOME_TOKEN came in from outside")


def test_the_canary_notices_a_run_directory_that_cannot_be_written(tmp_path: Path) -> None:
    assert not fact("run directory", partial(canary.run_directory, bait(tmp_path))).ok


def test_the_canary_notices_a_sysctl_that_does_not_stick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "SYSCTL", Path("/dev/null"))
    assert "reads '' after 1" in fact("sysctl", canary.sysctl).detail


def test_the_canary_notices_a_backlog_that_does_not_stick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "_BACKLOG", 1 << 30)  # the kernel takes net.core.somaxconn instead
    assert "after 1073741824 was set" in fact("running listener", canary.running_listener).detail


def test_the_canary_notices_an_nft_that_says_yes_and_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nft").write_text("#!/bin/sh\n")
    (tmp_path / "nft").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "after one was added" in fact("nft", canary.nft).detail


@pytest.mark.namespaces
def test_the_canary_notices_a_loopback_that_is_down() -> None:
    code = "from lab.runtimes.sandbox import canary; print(canary.fact('loopback', canary.loopback))"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", code], capture_output=True, text=True
    )
    assert "ok=False" in done.stdout, done.stderr
