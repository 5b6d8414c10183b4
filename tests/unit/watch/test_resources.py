"""Readings of a process: of this one, of one whose /proc is written here, and of one that has gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.watch import inet_diag, resources

CONNECTIONS = 300
MS_A_READING = 5.0
STAT = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 9 9 20 0 12 0 100 1000000 2000 18446744073709551615\n"
LINE = "   0: 0100007F:1F90 0100007F:C350 {state} 00000000:00000000 00:00000000 00000000  1000  0 {inode} 1 0 20 4 30 10 -1\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def process(at: Path, *, sockets: list[int], tcp: str = HEAD, tcp6: str | None = HEAD, stat: str = STAT) -> Path:
    """A /proc with process 7 in it, which has a file and ``sockets`` open."""
    (at / "7" / "net").mkdir(parents=True)
    (at / "7" / "fd").mkdir()
    (at / "7" / "stat").write_text(stat)
    (at / "7" / "statm").write_text("9000 1000 800 1 0 500 0\n")
    (at / "7" / "fd" / "0").symlink_to("/dev/null")
    for fd, inode in enumerate(sockets, start=1):
        (at / "7" / "fd" / str(fd)).symlink_to(f"socket:[{inode}]")
    (at / "7" / "net" / "tcp").write_text(tcp)
    if tcp6 is not None:
        (at / "7" / "net" / "tcp6").write_text(tcp6)
    return at


def line(inode: int, state: str = "01") -> str:
    return LINE.format(inode=inode, state=state)


@pytest.fixture
def connected() -> Iterator[None]:
    """This process with both ends of 150 connections: 300 of its sockets are established."""
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS) as server:
        for _ in range(CONNECTIONS // 2):
            stack.enter_context(socket.create_connection(server.getsockname()))
            stack.enter_context(server.accept()[0])
        yield


def test_a_process_whose_name_looks_like_fields(tmp_path: Path) -> None:
    tcp = HEAD + line(11) + line(12, state="0A") + line(13) + line(99)
    readings = resources.read(7, process(tmp_path, sockets=[11, 12, 21, 31], tcp=tcp, tcp6=HEAD + line(21)))
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    assert readings == {"rss_bytes": 1000.0 * page, "threads": 12.0, "cpu_s": 200 / ticks, "fds": 5.0, "connections": 2.0}


CONNECTED = [
    ("the established ones that it holds", [11, 12], HEAD + line(11) + line(12), 2),
    ("not what listens, waits or closes", [11, 12, 13], HEAD + line(11, "0A") + line(12, "06") + line(13, "08"), 0),
    ("not another process's", [11], HEAD + line(99), 0),
    ("no socket at all", [], HEAD + line(99), 0),
]


@pytest.mark.parametrize(("sockets", "tcp", "connections"), [case[1:] for case in CONNECTED], ids=[case[0] for case in CONNECTED])
def test_connections(tmp_path: Path, sockets: list[int], tcp: str, connections: int) -> None:
    assert resources.read(7, process(tmp_path, sockets=sockets, tcp=tcp, tcp6=None))["connections"] == connections


def test_nothing_of_one_that_has_gone(tmp_path: Path) -> None:
    assert resources.read(7, tmp_path) == {}


def test_nothing_of_a_zombie(tmp_path: Path) -> None:
    assert resources.read(7, process(tmp_path, sockets=[], stat=STAT.replace(") S", ") Z"))) == {}


def test_a_real_zombie_and_a_reaped_process_give_nothing() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert resources.read(child.pid) == {}
    child.wait()
    assert resources.read(child.pid) == {}


def test_what_another_user_holds_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_path: str) -> list[str]:
        raise PermissionError

    at = process(tmp_path, sockets=[])
    monkeypatch.setattr(os, "listdir", refuse)  # the tests may run as root, who is never refused
    assert resources.read(7, at).keys() == {"rss_bytes", "threads", "cpu_s"}


def test_this_process(connected: None) -> None:
    readings = resources.read(os.getpid())
    assert readings["connections"] == CONNECTIONS
    assert readings["fds"] == len(os.listdir("/proc/self/fd"))  # of oneself either listing counts its own
    assert readings["threads"] == len(os.listdir("/proc/self/task"))
    assert 10e6 < readings["rss_bytes"] < 10e9
    assert abs(readings["cpu_s"] - time.process_time()) < 0.5


def test_a_connection_and_a_thread_more_are_one_more() -> None:
    before = resources.read(os.getpid())
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        waits = threading.Thread(target=done.wait)
        waits.start()
        after = resources.read(os.getpid())
        done.set()
        waits.join()
    assert [after[name] - before[name] for name in ("threads", "fds", "connections")] == [1, 2, 1]


def test_the_kernel_asked_and_its_table_read_agree(connected: None) -> None:
    mine = set(resources._sockets("/proc/self/fd", os.listdir("/proc/self/fd")))
    asked, listed = set(inet_diag.inodes(inet_diag.ESTABLISHED)), set(resources._listed(Path("/proc/self/net")))
    assert mine & asked == mine & listed
    assert len(mine & asked) == CONNECTIONS


def test_without_the_kernels_answer_the_table_is_read(connected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(state: int) -> Iterator[int]:
        raise PermissionError

    monkeypatch.setattr(inet_diag, "inodes", refuse)
    assert resources.read(os.getpid())["connections"] == CONNECTIONS


@pytest.mark.slow
def test_a_reading_costs_less_than_5_ms_of_cpu_with_300_connections(connected: None) -> None:
    def cost_ms() -> float:
        begin_s = time.thread_time()
        resources.read(os.getpid())
        return (time.thread_time() - begin_s) * 1e3

    assert sorted(cost_ms() for _ in range(21))[10] < MS_A_READING
