"""Each check of the doctor in both ways it can come out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab import doctor
from lab.runtimes.sandbox.canary import Fact
from lab.runtimes.sandbox.remedies import Machine
from lab.runtimes.sandbox.trial import Trial
from lab.toxiproxy_binary import Found, at_hand

PLAIN = Machine(kernel=(6, 8), as_root=False)
GOOD = (Fact("loopback", True, "up"), Fact("sysctl", True, "set"))


@pytest.mark.parametrize(
    ("release", "ok"), [("6.8.0-45-generic", True), ("5.12.0", True), ("5.11.22", False), ("4.19.0-26-amd64", False)]
)
def test_kernel_needs_mount_setattr(release: str, ok: bool) -> None:
    finding = doctor.kernel(release)
    assert (finding.ok, release in finding.detail, bool(finding.remedy)) == (ok, True, not ok)


@pytest.mark.parametrize(("count", "ok"), [(1, False), (2, True), (64, True)])
def test_one_cpu_is_too_few(count: int, ok: bool) -> None:
    assert doctor.cpus(count).ok is ok


@pytest.mark.parametrize(
    ("source", "ok"),
    [("tsc", True), ("kvm-clock", True), ("arch_sys_counter", True), (None, True), ("hpet", False), ("acpi_pm", False)],
)
def test_slow_clocks_are_named(source: str | None, ok: bool) -> None:
    assert doctor.clock_source(source).ok is ok


@pytest.mark.parametrize(("read", "ok"), [("KILL", True), ("", False), ("TERM", False)])
def test_the_parent_death_signal_is_read_back(read: str, ok: bool) -> None:
    assert doctor.parent_death(read).ok is ok


def test_no_setpriv_is_a_finding_not_an_exception(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {finding.name: finding for finding in doctor.examine()}
    assert not found["parent-death signal"].ok
    assert "setpriv" in found["sandbox"].remedy or "util-linux" in found["sandbox"].remedy
    assert "setpriv" in (doctor.available() or "")


def test_a_room_whose_facts_are_right_is_available() -> None:
    assert all(finding.ok for finding in doctor.sandbox(PLAIN, Trial(GOOD, "", 0.1)))


def test_no_room_is_one_finding_with_what_was_said_and_a_remedy() -> None:
    machine = Machine(kernel=(6, 8), as_root=False, apparmor_restricts=True)
    (finding,) = doctor.sandbox(machine, Trial((), "unshare: write failed /proc/self/uid_map: Operation not permitted", 0.1))
    assert not finding.ok
    assert "uid_map" in finding.detail
    assert "apparmor_restrict_unprivileged_userns=0" in finding.remedy


def test_a_room_that_leaks_is_not_ok_even_if_all_else_is() -> None:
    findings = doctor.sandbox(PLAIN, Trial((*GOOD, Fact("outside sockets", False, "connected to /tmp/x")), "", 0.1))
    assert [(finding.name, finding.ok) for finding in findings if not finding.ok] == [("sandbox: outside sockets", False)]


def test_missing_nft_is_only_information() -> None:
    assert all(finding.ok for finding in doctor.sandbox(PLAIN, Trial((*GOOD, Fact("nft", False, "exit status 1")), "", 0.1)))


def test_why_the_sandbox_is_not_available_is_one_line_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_trial", lambda **_: Trial((), "unshare: unshare failed: Operation not permitted", 0.1))
    monkeypatch.setattr(doctor, "look", lambda **_: Machine(kernel=(6, 8), as_root=False, unprivileged_clone=0))
    why = doctor.available()
    assert why is not None
    assert "\n" not in why
    assert why.endswith("sudo sysctl -w kernel.unprivileged_userns_clone=1")


@pytest.mark.namespaces
@pytest.mark.slow
def test_here_everything_is_found_and_the_sandbox_is_available() -> None:
    names = [finding.name for finding in doctor.examine()]
    assert names[:5] == ["kernel", "cpus", "clock", "parent-death signal", "sandbox"]
    assert {"sandbox: sysctl", "sandbox: running listener", "sandbox: outside sockets", "sandbox: machine's sysctl"} <= set(names)
    assert doctor.available() is None


def test_what_only_some_drills_need_is_told_and_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Path("/usr/bin/toxiproxy-server")
    found = doctor.toxiproxy(Found(server, "2.12.0", "PATH"))
    assert (found.ok, found.detail) == (True, "2.12.0, /usr/bin/toxiproxy-server (PATH)")
    missing = doctor.toxiproxy(None)
    assert missing.ok
    assert missing.detail == "not here: the first drill through the proxy fetches 2.12.0, or builds it with Go"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert doctor.k6().detail == "not here: wanted only for a load that is a k6 script"
    assert at_hand() is None


def test_starting_the_doctor_loads_nothing_heavy() -> None:
    code = "import sys, lab.doctor; print([m for m in ('pyroute2', 'pydantic', 'pyarrow', 'httpx') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
