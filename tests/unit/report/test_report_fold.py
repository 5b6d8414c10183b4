"""Long lines fold where a reader would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lab.report.fold import INDENT, fold

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
sentences = st.lists(words, min_size=1, max_size=12).map(" ".join)


def test_what_fits_stays_on_one_line() -> None:
    assert fold("  +0.561  detected", ["errors > 20 %", "fresh"], 80) == ["  +0.561  detected     errors > 20 % · fresh"]


def test_it_folds_at_the_separator_with_a_hanging_indent() -> None:
    assert fold("head", ["a" * 20, "b" * 20], 50) == ["head" + " " * (INDENT - 4) + "a" * 20, " " * INDENT + "b" * 20]


def test_a_part_too_wide_for_any_line_is_wrapped_between_words() -> None:
    assert fold("head", ["one two three four five six seven"], 43) == [
        "head                   one two three four",
        "                       five six seven",
    ]


def test_a_long_head_pushes_only_its_own_line() -> None:
    assert fold("1/2 a-stage-with-a-long-name  PASS", ["a" * 10, "b" * 10], 50) == [
        "1/2 a-stage-with-a-long-name  PASS  aaaaaaaaaa",
        " " * INDENT + "b" * 10,
    ]


@given(st.lists(sentences, max_size=6), st.integers(INDENT + 20, 200))
def test_no_line_is_wider_than_asked_and_no_character_is_lost(parts: list[str], width: int) -> None:
    lines = fold("head", parts, width)
    assert max(map(len, lines)) <= width
    kept = "".join("".join(lines).replace("·", "").split())
    assert kept == "".join(("head" + "".join(parts)).split()).replace("·", "")
