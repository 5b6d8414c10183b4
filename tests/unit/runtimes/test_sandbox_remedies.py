"""What is wrong with a machine, and what it is told to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.runtimes.sandbox.remedies import Machine, kernel_version, look, remedy

EPERM = "unshare: unshare failed: Operation not permitted"


def machine(**differences: object) -> Machine:
    return Machine(**{"kernel": (6, 8), "as_root": False, **differences})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "complaint", "advice"),
    [
        (machine(has_unshare=False), "sh: unshare: not found", "util-linux"),
        (machine(has_setpriv=False), "cannot start 'setpriv'", "setpriv"),
        (machine(), "unshare: unrecognized option '--kill-child'", "2.32"),
        (machine(kernel=(5, 4)), "Function not implemented", "5.12"),
        (machine(apparmor_restricts=True), "write failed /proc/self/uid_map", "kernel.apparmor_restrict_unprivileged_userns=0"),
        (machine(unprivileged_clone=0), EPERM, "kernel.unprivileged_userns_clone=1"),
        (machine(max_user_namespaces=0), "unshare failed: No space left on device", "user.max_user_namespaces="),
        (machine(max_net_namespaces=0), "unshare failed: No space left on device", "user.max_net_namespaces="),
        (machine(container=True), EPERM, "seccomp=unconfined"),
        (machine(seccomp=True), EPERM, "seccomp=unconfined"),
        (machine(container=True), "cannot mount /proc: Operation not permitted", "systempaths=unconfined"),
        (machine(container=True, as_root=True), EPERM, "--privileged"),
        (machine(as_root=True, apparmor_restricts=True, unprivileged_clone=0, max_user_namespaces=0), EPERM, "--runtime open"),
        (machine(), "something new", "--runtime open"),
        (machine(unprivileged_clone=1, max_user_namespaces=15000), EPERM, "--runtime open"),
    ],
)
def test_the_likeliest_cause_is_named(found: Machine, complaint: str, advice: str) -> None:
    assert advice in remedy(found, complaint)


def test_the_switches_are_read_where_the_kernel_has_them(tmp_path: Path) -> None:
    for name, value in {
        "sys/kernel/osrelease": "6.8.0-45-generic\n",
        "sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
        "sys/user/max_user_namespaces": "0\n",
        "self/status": "Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n",
    }.items():
        path = tmp_path / "proc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)
    seen = look(as_root=False, root=tmp_path)
    assert (seen.kernel, seen.apparmor_restricts, seen.max_user_namespaces, seen.unprivileged_clone, seen.seccomp) == (
        (6, 8),
        True,
        0,
        None,
        True,
    )


def test_what_is_no_kernel_release_is_an_error() -> None:
    assert kernel_version("6.18.44-x") == (6, 18)
    with pytest.raises(ValueError, match="not a kernel release"):
        kernel_version("unknown")
