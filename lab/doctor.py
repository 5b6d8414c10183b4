"""Does this machine carry the lab? Everything is done, then read back; nothing is inferred from an exit code."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab import toxiproxy_binary
from lab.load import find_k6
from lab.runtimes.sandbox.launch import is_root
from lab.runtimes.sandbox.remedies import OLDEST_KERNEL, OPEN_INSTEAD, Machine, kernel_version, look, remedy
from lab.runtimes.sandbox.trial import Trial, try_out

INFORMATIONAL = frozenset({"nft"})
_CLOCK_SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_SLOW_CLOCKS = frozenset({"hpet", "acpi_pm", "jiffies", "refined-jiffies"})


@dataclass(frozen=True)
class Finding:
    """One line of ``lab doctor``. ``remedy`` is empty when it is ``ok``."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def examine() -> tuple[Finding, ...]:
    """Every check, from the main thread; 0.2 s. A failed one is a finding, never an exception."""
    as_root = is_root()
    return (
        kernel(Path("/proc/sys/kernel/osrelease").read_text().strip()),
        cpus(len(os.sched_getaffinity(0))),
        clock_source(_CLOCK_SOURCE.read_text().strip() if _CLOCK_SOURCE.exists() else None),
        parent_death(_parent_death_signal()),
        *sandbox(look(as_root=as_root), _trial(as_root=as_root)),
        toxiproxy(toxiproxy_binary.at_hand()),
        k6(),
    )


def toxiproxy(found: toxiproxy_binary.Found | None) -> Finding:
    """For stages in the proxy lane; never a failure: the first such drill fetches or builds one, and says so."""
    later = f"not here: the first drill through the proxy fetches {toxiproxy_binary.PINNED}, or builds it with Go"
    return Finding("toxiproxy", True, f"{found.version}, {found.path} ({found.how})" if found else later)


def k6() -> Finding:
    """For load: {k6: shop.js} alone."""
    try:
        return Finding("k6", True, str(find_k6.find()))
    except find_k6.NotFound:
        return Finding("k6", True, "not here: wanted only for a load that is a k6 script")


def available() -> str | None:
    """None when the sandbox works here, else why not and what to do, in one line. Tries it: 0.15 s, main thread."""
    as_root = is_root()
    broken = next((finding for finding in sandbox(look(as_root=as_root), _trial(as_root=as_root)) if not finding.ok), None)
    return None if broken is None else f"{broken.detail}; {broken.remedy}"


def kernel(release: str) -> Finding:
    ok = kernel_version(release) >= OLDEST_KERNEL
    return Finding("kernel", ok, f"Linux {release}", "" if ok else "5.12 or newer is needed for the sandbox")


def cpus(count: int) -> Finding:
    advice = "with one CPU the load delays the probe: expect `unknown`; give this machine two"
    return Finding("cpus", count >= 2, str(count), "" if count >= 2 else advice)


def clock_source(name: str | None) -> Finding:
    """Every request takes four stamps; hpet and acpi_pm leave the vDSO and cost a microsecond or more for each."""
    ok = name not in _SLOW_CLOCKS
    return Finding(
        "clock", ok, name or "not shown by this machine", "" if ok else "boot with clocksource=tsc, or expect slow stamps"
    )


def parent_death(read: str) -> Finding:
    ok = read == "KILL"
    advice = "install util-linux's setpriv (on Alpine: the package setpriv; BusyBox's has no --pdeathsig)"
    return Finding("parent-death signal", ok, read or "not set", "" if ok else advice)


def sandbox(machine: Machine, trial: Trial) -> tuple[Finding, ...]:
    """A finding for each fact of the room; one alone when there was none. Pure."""
    if not trial.facts:
        return (Finding("sandbox", False, trial.complaint, remedy(machine, trial.complaint)),)
    how = f"{'as root' if machine.as_root else 'without root'}, tried in {trial.seconds * 1000:.0f} ms"
    facts = tuple(
        Finding(
            f"sandbox: {fact.name}",
            ok := fact.ok or fact.name in INFORMATIONAL,
            fact.detail,
            "" if ok else _advice(machine, fact.detail),
        )
        for fact in trial.facts
    )
    return (Finding("sandbox", True, how), *facts)


def _advice(machine: Machine, detail: str) -> str:
    """A room that stands but leaks or is limited: a container's limits are known, the rest is a defect of the lab."""
    if machine.container or machine.seccomp:
        return remedy(machine, detail)
    return f"report this with the output of `lab doctor`, {OPEN_INSTEAD}"


def _trial(*, as_root: bool) -> Trial:
    try:
        return try_out(as_root=as_root)
    except FileNotFoundError as error:
        return Trial((), str(error), 0.0)


def _parent_death_signal() -> str:
    """As a process that was started with one reads it back; empty when it cannot be set."""
    try:
        asked = ["setpriv", "--pdeathsig", "KILL", "--", "setpriv", "--dump"]
        dump = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
    return next((line.split(":")[1].strip() for line in dump.splitlines() if line.startswith("Parent death signal:")), "")
