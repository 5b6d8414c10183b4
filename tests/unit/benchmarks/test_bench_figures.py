"""The benchmark's statistics and its table: pure, so tables."""

from __future__ import annotations

import pytest

from benchmarks.figures import Claim, Spread, at_least, at_most, distances, ratios
from benchmarks.results import Results, Series, from_json, to_json
from benchmarks.table import BEGIN, END, claim_line, into, number, rendered

FAST = Claim(measure="throughput", what="ours / k6", unit="×", spread=Spread(6.5, 5.9, 7.2), target=at_least(6))
GONE = Claim(measure="throughput", what="ours / hey", unit="×", target=at_least(1), missing="go install hey")


def results(*claims: Claim, series: tuple[Series, ...] = ()) -> Results:
    return Results(
        date="2026-01-02 03:04 UTC",
        machine={"CPU": "2 × a"},
        versions={"wrk": "4.1.0"},
        rounds=5,
        wall_s=400,
        claims=claims,
        series=series,
    )


@pytest.mark.parametrize(
    ("values", "spread"),
    [([3.0, 1.0, 2.0], Spread(2, 1, 3)), ([4.0, 1.0], Spread(2.5, 1, 4)), ([7.0], Spread(7, 7, 7))],
)
def test_a_spread_is_median_smallest_and_largest(values: list[float], spread: Spread) -> None:
    assert Spread.of(values) == spread


def test_without_a_round_there_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no rounds"):
        Spread.of([])


def test_ratios_are_taken_within_a_round() -> None:
    assert ratios([10, 20], [5, 40]) == [2, 0.5]
    assert distances([1.5, 2], [1, 3]) == [0.5, 1]


def test_a_round_that_lacks_one_of_the_two_is_no_ratio() -> None:
    with pytest.raises(ValueError):
        ratios([1, 2], [1])


@pytest.mark.parametrize(
    ("target", "median", "kept"),
    [(at_least(6), 6, True), (at_least(6), 5.99, False), (at_most(1.3), 1.3, True), (at_most(1.3), 1.31, False)],
)
def test_the_median_is_judged_and_the_bound_itself_keeps_it(target: object, median: float, kept: bool) -> None:
    claim = Claim(measure="m", what="w", unit="", spread=Spread(median, 0, 100), target=target)  # type: ignore[arg-type]
    assert claim.kept is kept


def test_what_was_not_asked_or_not_measured_is_neither_kept_nor_missed() -> None:
    assert Claim(measure="m", what="w", unit="", spread=Spread(1, 1, 1)).kept is None
    assert GONE.kept is None


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        (FAST, "| throughput | ours / k6 | **6.50×** (5.90–7.20) | ≥ 6.00× | ✓ |"),
        (GONE, "| throughput | ours / hey | not here: go install hey | ≥ 1.00× | – |"),
        (
            Claim(measure="rows", what="peak", unit=" MB", spread=Spread(1303, 1303, 1303), target=at_most(500)),
            "| rows | peak | **1,300 MB** | ≤ 500 MB | ✗ |",
        ),
    ],
)
def test_a_claim_is_a_line(claim: Claim, line: str) -> None:
    assert claim_line(claim) == line


@pytest.mark.parametrize(
    ("value", "text"),
    [(37_412, "37,400"), (1000, "1,000"), (441.2, "441"), (12.34, "12.3"), (0.414, "0.41"), (-0.07, "-0.07"), (0, "0")],
)
def test_a_number_has_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_the_table_goes_between_the_markers_and_nowhere_else() -> None:
    once = into(f"before\n{BEGIN}\nold\n{END}\nafter\n", results(FAST))
    assert once.startswith("before\n")
    assert once.endswith(f"{END}\nafter\n")
    assert "old" not in once
    assert into(once, results(FAST)) == once


@pytest.mark.parametrize("readme", ["", BEGIN, END, f"{END} {BEGIN}"])
def test_a_readme_without_its_markers_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="markers"):
        into(readme, results(FAST))


def test_a_client_that_is_missing_is_named_with_the_way_to_get_it() -> None:
    hey = Series(measure="throughput", client="hey", figure="rps", unit="", command="hey $URL", missing="go install hey")
    assert "| throughput | hey | rps | not here: go install hey | `hey $URL` |" in rendered(results(GONE, series=(hey,)))


def test_results_come_back_as_they_were_stored() -> None:
    whole = results(FAST, GONE, series=(Series(measure="m", client="c", figure="f", unit="", rounds=(1.0, 2.0)),))
    assert from_json(to_json(whole)) == whole
