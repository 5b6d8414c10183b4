"""docs/drills.md speaks of drills, measures and patches that there are."""

from __future__ import annotations

import re
from pathlib import Path

from pages import code, codes, table, tables, text_of

from lab import catalogue

PAGE = "drills.md"


def test_the_drills_of_its_tables_are_built_in_load_tests(tmp_path: Path) -> None:
    (promised, *_) = tables(text_of(PAGE))
    named = {code(row[0]) for row in promised[1:]}
    assert named == {code(row[0].partition(",")[0]) for row in table(PAGE, "The figures", "drill")}
    for name in named:
        assert all(stage.is_load_test and stage.measures for stage in catalogue.read_drill(name, (), tmp_path).stages), name


def test_its_commands_patch_what_is_there(tmp_path: Path) -> None:
    found = re.findall(r"^    lab drill (\S+)(.*)$", text_of(PAGE), re.MULTILINE)
    assert len(found) == 11
    for name, rest in found:
        drill = catalogue.read_drill(name, re.findall(r"--set (\S+)", rest), tmp_path)
        measures = {measure for stage in drill.stages for measure in stage.measures}
        assert set(re.findall(r"--without (\S+)", rest)) <= measures


def test_the_arms_of_repairs_leave_out_measures_that_there_are(tmp_path: Path) -> None:
    for name, arm, runs, verdict, _ in table(PAGE, "Repairs", "drill"):
        drill = catalogue.read_drill(code(name), (), tmp_path)
        measures = {measure for stage in drill.stages for measure in stage.measures}
        assert set(re.findall(r"--without ([\w-]+)", arm)) <= measures
        assert int(verdict.split()[0]) == int(runs) >= 5


def test_the_drills_of_an_overload_have_these_measures_and_no_others(tmp_path: Path) -> None:
    for name, _, measures in table(PAGE, "More than it can do", "drill"):
        (stage,) = catalogue.read_drill(code(name), (), tmp_path).stages
        assert stage.is_load_test, name
        assert codes(measures) == list(stage.measures), name


def test_runs_and_judged_runs_add_up() -> None:
    for _, _, runs, judged, *_ in table(PAGE, "The figures", "drill"):
        assert 5 <= int(judged.split()[0]) <= int(runs)
