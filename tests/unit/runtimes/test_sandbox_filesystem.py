"""Which mounts a room needs, decided before anything is mounted."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.runtimes.sandbox.filesystem import view


def paths(*names: str) -> tuple[Path, ...]:
    return tuple(Path(name) for name in names)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (paths("/usr", "/home/u/checkout"), ()),  # seen anyway
        (paths("/tmp/checkout"), paths("/tmp/checkout")),
        (paths("/run/user/1/venv", "/dev/shm/x"), paths("/dev/shm/x", "/run/user/1/venv")),
        (paths("/tmp", "/run", "/", "/dev/shm"), ()),  # never a private directory whole
        (paths("/tmp/a/b", "/tmp/a", "/tmp/a/b/c"), paths("/tmp/a")),
        (paths("/tmp/ab", "/tmp/a"), paths("/tmp/a", "/tmp/ab")),  # a common prefix is no parent
        (paths("/tmp/a", "/tmp/a"), paths("/tmp/a")),
        (paths("/tmpfiles/x"), ()),
    ],
)
def test_only_what_a_private_directory_would_cover_is_put_back(wanted: tuple[Path, ...], kept: tuple[Path, ...]) -> None:
    assert view((), wanted, ()).readable == kept


def test_writable_paths_come_parents_first_and_once() -> None:
    assert view(paths("/w/b/c", "/w/b", "/w/b"), (), ()).writable == paths("/w/b", "/w/b/c")


def test_a_socket_in_the_run_directory_is_the_labs_and_stays() -> None:
    hidden = view(paths("/runs/1"), (), paths("/runs/1/control.socket", "/runs/2/control.socket", "/var/lib/db.socket")).hidden
    assert hidden == paths("/runs/2/control.socket", "/var/lib/db.socket")
