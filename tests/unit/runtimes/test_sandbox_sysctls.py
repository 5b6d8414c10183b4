"""Settings of the kernel while a stage runs: set before, put back after, never the machine's."""

from __future__ import annotations

from pathlib import Path

import pytest
from sandbox_users import Starter, starter  # noqa: F401 — a fixture

from lab.drill.model import Drill, Stage, Target
from lab.run.prepare import Choices, prepare
from lab.runtimes.base import ServiceFailed
from lab.runtimes.processes import ProcessRoom
from lab.runtimes.sandbox.sysctls import in_force

ROOM = """
import os, sys
from pathlib import Path
from lab.process import Process
from lab.runtimes.sandbox.launch import command, environment, is_root
run_dir = Path(sys.argv[1])
run_dir.mkdir(exist_ok=True)
sys.exit(Process.spawn(command(run_dir, sys.argv[2:], as_root=is_root()), env=environment(os.environ)).wait_blocking(10))
"""
INSIDE = """
from lab.runtimes.sandbox.sysctls import IPV4, in_force
sysctl = IPV4 / "tcp_abort_on_overflow"
said = [sysctl.read_text().strip()]
with in_force({sysctl.name: 1}):
    said.append(sysctl.read_text().strip())
said.append(sysctl.read_text().strip())
print(*said)
"""


def test_what_was_there_is_put_back_whatever_happens(tmp_path: Path) -> None:
    sysctl = tmp_path / "tcp_abort_on_overflow"
    sysctl.write_text("0\n")
    inside = in_force({sysctl.name: 1}, tmp_path)
    inside.__enter__()
    assert sysctl.read_text() == "1"
    assert not inside.__exit__(KeyError, KeyError("whatever"), None)
    assert sysctl.read_text() == "0\n"


def test_one_that_the_kernel_does_not_know_undoes_those_before_it(tmp_path: Path) -> None:
    sysctl = tmp_path / "tcp_abort_on_overflow"
    sysctl.write_text("0\n")
    with pytest.raises(FileNotFoundError), in_force({sysctl.name: 1, "tcp_no_such": 1}, tmp_path):
        pytest.fail("entered without one of its settings")
    assert sysctl.read_text() == "0\n"


@pytest.mark.namespaces
@pytest.mark.slow
def test_in_a_room_it_is_the_kernels_own_and_the_machines_stays(starter: Starter) -> None:  # noqa: F811
    machines = Path("/proc/sys/net/ipv4/tcp_abort_on_overflow").read_text()
    done = starter.run(ROOM, str(starter.place / "run"), starter.python[-1], "-c", INSIDE)
    assert done.stdout == "0 1 0\n", done.stderr
    assert Path("/proc/sys/net/ipv4/tcp_abort_on_overflow").read_text() == machines


def test_a_room_on_the_machines_own_network_refuses(tmp_path: Path) -> None:
    drill = Drill(drill="d", target=Target(command="true"), stages=(Stage(stage="a"),))
    room = ProcessRoom(prepare(drill, Choices(runtime="open"), {}, print), tmp_path, {})
    with room.kernel({}):
        pass  # nothing asked, nothing refused
    with pytest.raises(ServiceFailed, match="need the sandbox"), room.kernel({"tcp_abort_on_overflow": 1}):
        pytest.fail("the machine's own setting was changed")
