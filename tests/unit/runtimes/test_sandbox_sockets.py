"""Paths of Unix sockets, from the kernel's table."""

from __future__ import annotations

import socket
from pathlib import Path

from lab.runtimes.sandbox.sockets import bound_paths, sockets_of_this_machine

TABLE = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 16045 /run/docker.sock
0000000000000000: 00000003 00000000 00000000 0001 03 16046 /run/docker.sock
0000000000000000: 00000003 00000000 00000000 0001 03 16047
0000000000000000: 00000002 00000000 00010000 0001 01 16048 @/tmp/.X11-unix/X0
0000000000000000: 00000002 00000000 00000000 0002 01 16049 /home/u/with space/s
0000000000000000: 00000002 00000000 00010000 0001 01 16050 relative/path
"""


def test_each_path_once_without_abstract_unnamed_and_relative_ones() -> None:
    assert bound_paths(TABLE.splitlines(keepends=True)) == (Path("/home/u/with space/s"), Path("/run/docker.sock"))


def test_a_socket_that_listens_now_is_among_them(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert tmp_path / "s" in sockets_of_this_machine()
