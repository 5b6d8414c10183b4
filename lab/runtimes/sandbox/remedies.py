"""What a machine lacks when no room can be built on it, and what to type. ``remedy`` is pure; ``look`` reads /proc."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

OLDEST_KERNEL = (5, 12)
"""mount_setattr; everything else that the room needs is older."""

_UNCONFINED = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
OPEN_INSTEAD = "or use --runtime open"


@dataclass(frozen=True)
class Machine:
    """None: this kernel has no such switch."""

    kernel: tuple[int, int]
    as_root: bool
    has_unshare: bool = True
    has_setpriv: bool = True
    container: bool = False
    seccomp: bool = False
    apparmor_restricts: bool = False
    max_user_namespaces: int | None = None
    max_net_namespaces: int | None = None
    unprivileged_clone: int | None = None


def look(*, as_root: bool, root: Path = Path("/")) -> Machine:
    """Only for the advice: whether the room works is known from trying it."""
    system = root / "proc/sys"
    status = (root / "proc/self/status").read_text()
    return Machine(
        kernel=kernel_version((system / "kernel/osrelease").read_text()),
        as_root=as_root,
        has_unshare=shutil.which("unshare") is not None,
        has_setpriv=shutil.which("setpriv") is not None,
        container=any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv")) or "container" in os.environ,
        seccomp=bool(re.search(r"^Seccomp:\s*[12]", status, re.MULTILINE)),
        apparmor_restricts=_number(system / "kernel/apparmor_restrict_unprivileged_userns") == 1,
        max_user_namespaces=_number(system / "user/max_user_namespaces"),
        max_net_namespaces=_number(system / "user/max_net_namespaces"),
        unprivileged_clone=_number(system / "kernel/unprivileged_userns_clone"),
    )


def remedy(machine: Machine, complaint: str) -> str:
    """The likeliest cause first: what is certain (a missing program), then switches that are off, then the surroundings."""
    return next(advice for applies, advice in _advice(machine, complaint) if applies)


def _advice(machine: Machine, complaint: str) -> tuple[tuple[bool, str], ...]:
    unprivileged = not machine.as_root
    boxed = machine.container or machine.seccomp
    return (
        (not machine.has_unshare, "install util-linux (unshare is missing)"),
        (not machine.has_setpriv, "install util-linux's setpriv (on Alpine: the package setpriv)"),
        (
            "unrecognized option" in complaint or "invalid option" in complaint,
            "install util-linux 2.32 or newer: unshare has no --kill-child",
        ),
        (machine.kernel < OLDEST_KERNEL, "a kernel of 5.12 or newer is needed (mount_setattr)"),
        (
            unprivileged and machine.apparmor_restricts,
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu 23.10 and newer restrict user namespaces)",
        ),
        (unprivileged and machine.unprivileged_clone == 0, "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        (unprivileged and machine.max_user_namespaces == 0, "sudo sysctl -w user.max_user_namespaces=15000"),
        (machine.max_net_namespaces == 0, "sudo sysctl -w user.max_net_namespaces=15000"),
        (boxed and unprivileged, f"start the container with {_UNCONFINED}"),
        (boxed, "start the container with --privileged, or as another user than root and with " + _UNCONFINED),
        ("gone" in complaint, "mount a /proc that belongs to this pid namespace"),
        (True, f"read what it says, {OPEN_INSTEAD}"),
    )


def kernel_version(release: str) -> tuple[int, int]:
    """``6.8.0-45-generic`` → (6, 8). Raises ValueError."""
    match = re.match(r"(\d+)\.(\d+)", release)
    if match is None:
        raise ValueError(f"not a kernel release: {release!r}")
    return int(match[1]), int(match[2])


def _number(path: Path) -> int | None:
    return int(path.read_text()) if path.exists() else None
