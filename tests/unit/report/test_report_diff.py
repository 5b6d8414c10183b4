"""Two runs side by side."""

from __future__ import annotations

from lab.judge.judge import judge
from lab.judge.verdict import Ruling
from lab.report.diff import side_by_side
from tests.histories import crash
from tests.unit.report.verdicts import accept_queue, of_drill, of_stage


def cells(table: str, figure: str) -> list[str]:
    row = next(line for line in table.splitlines() if f" {figure} " in f" {line} ")
    return [cell for cell in (part.strip() for part in row.split("  ")) if cell]


def test_each_figure_stands_beside_its_change() -> None:
    table = side_by_side(judge(accept_queue()), judge(accept_queue(recovered=6.8)))
    assert cells(table, "detect") == ["detect", "500 ms", "500 ms", "="]
    assert cells(table, "detect→recover") == ["detect→recover", "600 ms", "800 ms", "+200 ms"]
    assert cells(table, "act→ready") == ["act→ready", "348 ms", "348 ms", "="]
    assert cells(table, "bad-seconds") == ["bad-seconds", "0.55", "0.65", "+0.10"]


def test_a_run_that_did_not_recover_has_words_and_no_change() -> None:
    table = side_by_side(judge(accept_queue()), judge(accept_queue(recovered=18.0)))
    assert cells(table, "recover") == ["recover", "1.1 s", "not recovered"]
    assert cells(table, "wire") == ["wire", "verdict", "PASS", "FAIL"]


def test_stages_are_matched_by_name_and_a_missing_one_is_named() -> None:
    a = of_drill(Ruling.PASS, of_stage("one", Ruling.PASS))
    b = of_drill(Ruling.PASS, of_stage("two", Ruling.PASS))
    table = side_by_side(a, b)
    assert cells(table, "one") == ["one", "verdict", "PASS", "not in this run"]
    assert cells(table, "two") == ["two", "verdict", "not in this run", "PASS"]


def test_columns_are_aligned() -> None:
    lines = side_by_side(judge(crash()), judge(crash(bad_s=1.0))).splitlines()
    assert len({line.index(word) for line, word in zip(lines[:2], ("figure", "verdict"), strict=True)}) == 1
