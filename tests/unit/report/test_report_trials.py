"""Several runs in one table."""

from __future__ import annotations

from lab.judge.judge import judge
from lab.judge.verdict import Ruling
from lab.report.trials import over_trials
from tests.unit.report.verdicts import accept_queue, of_drill, of_stage


def cells(table: str, figure: str) -> list[str]:
    row = next(line for line in table.splitlines() if f" {figure} " in f" {line} ")
    return [cell for cell in (part.strip() for part in row.split("  ")) if cell]


def test_each_figure_has_its_median_and_range() -> None:
    table = over_trials([judge(accept_queue(recovered=at)) for at in (6.6, 6.8, 7.4)])
    assert table.splitlines()[0] == "3 trials: 3 pass"
    assert cells(table, "detect") == ["wire", "detect", "500 ms", "500 ms", "500 ms", "3"]
    assert cells(table, "recover") == ["recover", "1.3 s", "1.1 s", "1.9 s", "3"]
    assert cells(table, "bad-seconds") == ["bad-seconds", "0.65", "0.55", "0.95", "3"]


def test_a_trial_that_did_not_recover_is_counted_beside_the_median_of_the_others() -> None:
    table = over_trials([judge(accept_queue()), judge(accept_queue(recovered=18.0))])
    assert table.splitlines()[0] == "2 trials: 1 pass, 1 fail"
    assert cells(table, "recover") == ["recover", "1.1 s", "1.1 s", "1.1 s", "1 (1 not recovered)"]


def test_trials_without_a_figure_are_only_counted() -> None:
    table = over_trials([of_drill(Ruling.UNKNOWN, of_stage("wire", Ruling.UNKNOWN, "skipped: needs toxiproxy"))] * 2)
    assert table.splitlines() == ["2 trials: 2 unknown", "", "stage  figure  median  min  max  of"]
