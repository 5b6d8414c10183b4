"""docs/definitions.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_judge_checks import REASONS, RUNS

from lab.drill.model import SHORTEST_BASELINE_S
from lab.judge import baseline, checks, detector, landed

PAGE = Path(__file__).parents[3] / "docs" / "definitions.md"
TEXT = " ".join(PAGE.read_text(encoding="utf-8").split())
ITS_OWN_WORDS = {"the target died early", "broken: no space left on device"}
"""Reasons that are the error itself."""


@pytest.mark.parametrize("reason", sorted({reason for reason, _ in [*REASONS, *RUNS]} - ITS_OWN_WORDS))
def test_every_reason_for_unknown_is_explained(reason: str) -> None:
    beginning = re.split(r"[:,]|\d", reason.replace("fault crash", "fault NAME"))[0].strip()
    assert f"`{beginning}" in TEXT


@pytest.mark.parametrize(
    "figure",
    [
        f"for p = {detector.P1}",
        " + ".join(f"{w} R_{i}" for i, w in enumerate(detector.WEIGHTS, 1)),
        f"α = {detector.ALPHA:.1%}".replace("%", " %"),
        f"max({baseline.FLOOR:.0%}".replace("%", " %"),
        f"p0 over {baseline.STEADY:.1%}".replace("%", " %"),
        f"at least {SHORTEST_BASELINE_S:g} s",
        f"more than {checks.LATE_SHARE:.0%}".replace("%", " %"),
        f"over {checks.GAP_NS // 10**6} ms",
        f"{'ten' if landed.FASTER == 10 else landed.FASTER} times as fast",
        f"ln({1 - detector.WELL}/{1 - detector.LOST})",
    ],
)
def test_the_figures_on_the_page_are_those_of_the_code(figure: str) -> None:
    assert figure in TEXT
