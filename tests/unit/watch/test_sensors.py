"""Readings of a machine whose /proc is written here."""

from __future__ import annotations

from pathlib import Path

from lab.watch import sensors

STAT = "cpu  10 20 30 40 50 60 70 80 90 100\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
PRESSURE = "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"


def test_steal_pressure_and_suspension(tmp_path: Path) -> None:
    (tmp_path / "pressure").mkdir()
    (tmp_path / "stat").write_text(STAT)
    (tmp_path / "pressure" / "cpu").write_text(PRESSURE)
    readings = sensors.read(tmp_path)
    assert (readings["cpu_steal_ticks"], readings["cpu_pressure_us"]) == (80.0, 12345.0)
    assert readings["suspended_s"] > -1.0  # two clocks, read one after the other


def test_a_kernel_without_pressure_gives_the_rest(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text(STAT)
    assert sensors.read(tmp_path).keys() == {"cpu_steal_ticks", "suspended_s"}
