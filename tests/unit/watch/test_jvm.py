"""Pages of jstat -gc as JDK 8, 17 and their collectors write them, and a JVM that is really there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.watch import jvm
from tests.required import lacks

ALLOCATES = """\
import java.util.*;
public class Allocates {
    public static void main(String[] arguments) throws Exception {
        List<byte[]> kept = new ArrayList<>();
        for (int i = 0; i < 320; i++) {
            byte[] block = new byte[1 << 18];
            if (i % 20 == 0) kept.add(block);
        }
        System.gc();
        System.out.println("ready");
        System.in.read();
        System.out.println(kept.size());
    }
}
"""


def page(values: str, names: str = "S0C S1C S0U S1U EC EU OC OU MC MU CCSC CCSU YGC YGCT FGC FGCT CGC CGCT GCT") -> str:
    return f" {names}\n {values}\n"


JDK_8 = "S0C S1C S0U S1U EC EU OC OU MC MU CCSC CCSU YGC YGCT FGC FGCT GCT"
PAGES = [
    (
        "G1 of JDK 17",
        page("0.0 3072.0 0.0 2560.5 37888.0 22528.0 24576.0 5652.5 9536.0 9340.5 1280.0 1135.4 7 0.035 1 0.010 2 0.001 0.046"),
        (30741.0, 5652.5, 9340.5, 10, 0.046),
    ),
    (
        "JDK 8 has no concurrent column",
        page("512.0 512.0 256.0 0.0 4096.0 1024.0 8192.0 2048.0 4864.0 4000.0 512.0 400.0 3 0.012 1 0.020 0.032", JDK_8),
        (3328.0, 2048.0, 4000.0, 4, 0.032),
    ),
    (
        "ZGC has no generations",
        page("- - - - - - 65536.0 40960.0 9536.0 9295.5 1280.0 1136.4 - - - - 18 0.002 0.002"),
        (40960.0, 40960.0, 9295.5, 18, 0.002),
    ),
    (
        "a German locale",
        page("0,0 0,0 0,0 0,0 64,0 32,5 64,0 16,0 64,0 8,0 8,0 4,0 1 0,500 0 0,000 - - 0,500"),
        (48.5, 16.0, 8.0, 1, 0.5),
    ),
]


@pytest.mark.parametrize(("text", "kib"), [case[1:] for case in PAGES], ids=[case[0] for case in PAGES])
def test_pages(text: str, kib: tuple[float, float, float, int, float]) -> None:
    heap, old, nonheap, count, seconds = kib
    assert jvm.parse(text) == {
        "jvm_heap_used_bytes": heap * 1024,
        "jvm_old_used_bytes": old * 1024,
        "jvm_nonheap_used_bytes": nonheap * 1024,
        "jvm_gc_count": count,
        "jvm_gc_s": seconds,
    }


NO_PAGES = [
    ("nothing", "", "a line of names"),
    ("no values", page(""), "a line of names"),
    ("a value short", page("1 2"), "a line of names"),
    ("another option's page", page("1.0 2.0", "S0 S1"), "EU, GCT, MU, OU, S0U, S1U not in"),
]


@pytest.mark.parametrize(("text", "why"), [case[1:] for case in NO_PAGES], ids=[case[0] for case in NO_PAGES])
def test_not_a_page(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        jvm.parse(text)


def test_a_process_with_another_programs_code_is_no_jvm() -> None:
    assert not jvm.available(os.getpid())


def test_nor_is_one_that_has_gone(tmp_path: Path) -> None:
    assert not jvm.available(7, tmp_path)


def test_without_jstat_nothing_is_available(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "maps").write_text("7f00 r-xp /usr/lib/jvm/lib/server/libjvm.so\n")
    assert not jvm.available(7, tmp_path)


def program(at: Path, text: str, monkeypatch: pytest.MonkeyPatch, name: str = "jstat") -> None:
    """``text`` as the jstat, or another, that is on PATH."""
    (at / name).write_text(f"#!/bin/sh\n{text}\n")
    (at / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{at}:{os.environ['PATH']}")


def test_jstat_is_looked_for_and_libjvm_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, "exit 0", monkeypatch)
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "maps").write_text("7f00 r-xp /usr/lib/jvm/lib/server/libjvm.so\n")
    assert jvm.available(7, tmp_path)


@pytest.mark.parametrize("text", ["exit 1", "exec sleep 5"], ids=["it says that there is no such JVM", "it does not answer"])
def test_no_readings_when(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, text, monkeypatch)
    assert jvm.read(7, within_s=0.1) == {}


@pytest.fixture
def a_jvm(tmp_path: Path) -> Iterator[int]:
    """Has allocated 80 MiB, keeps 4 MiB of them, and has just collected."""
    for needed in ("java", "jstat", "jcmd"):
        if shutil.which(needed) is None:
            lacks(needed)
    (tmp_path / "Allocates.java").write_text(ALLOCATES)
    command = ["java", "-Xmx64m", "-XX:+UseSerialGC", "Allocates.java"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.communicate(b"\n", timeout=20)


@pytest.mark.slow
def test_a_real_jvm_collects_when_it_is_told_to(a_jvm: int) -> None:
    before = jvm.read(a_jvm)["jvm_gc_count"]
    assert jvm.collect(a_jvm)
    assert jvm.read(a_jvm)["jvm_gc_count"] > before


def test_what_is_no_jvm_does_not_collect() -> None:
    assert not jvm.collect(os.getpid())


@pytest.mark.parametrize(("caught", "collects"), [("0000000181005ccf", True), ("0000000000000400", False)])
def test_a_jvm_that_does_not_catch_sigquit_yet_is_not_told_to_collect(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caught: str, collects: bool
) -> None:
    """It would die of it: its library is there 30 ms before its handler."""
    program(tmp_path, "exit 0", monkeypatch)
    program(tmp_path, "exit 0", monkeypatch, "jcmd")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "maps").write_text("7f00 r-xp /usr/lib/jvm/lib/server/libjvm.so\n")
    (tmp_path / "7" / "status").write_text(f"Name:\tjava\nSigCgt:\t{caught}\n")
    assert jvm.collect(7, proc=tmp_path) is collects


@pytest.mark.slow
def test_a_real_jvm(a_jvm: int) -> None:
    assert jvm.available(a_jvm)
    readings = jvm.read(a_jvm)
    assert 4e6 < readings["jvm_old_used_bytes"] < 24e6  # 4 MiB of its own, the compiler's that java FILE runs
    assert readings["jvm_old_used_bytes"] <= readings["jvm_heap_used_bytes"] < 64 * 2**20
    assert 4e6 < readings["jvm_nonheap_used_bytes"] < 64e6
    assert readings["jvm_gc_count"] >= 2
    assert 0 < readings["jvm_gc_s"] < 10


@pytest.mark.slow
def test_no_readings_of_one_that_is_no_jvm() -> None:
    if shutil.which("jstat") is None:
        lacks("jstat")
    assert jvm.read(os.getpid()) == {}
