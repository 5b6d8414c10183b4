"""Whatever an incident document says, it is read, with the lines that the file has; and its spans decide, not its hours."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from lab.prove.body import DAY_S
from lab.prove.document import understood
from lab.prove.lint import ROUNDED_S, flaws

_TODAY = date(2027, 1, 1)
_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["---", "claims:", "- id: a", "## Cause", "## 타임라인", "- `a`", "| 00:00:30 | alarm | x |", "|---|---|---|", ""]
        ),
        st.text(max_size=20),
    ),
    max_size=30,
)


@given(_LINES)
def test_any_text_is_read_or_told_what_is_wrong_and_every_line_is_one_of_it(lines: list[str]) -> None:
    document, problems = understood("\n".join(lines), "any.md")
    last = max(len(document.lines), 1)
    assert all(1 <= problem.line <= last for problem in problems)
    assert all(1 <= line <= last for flaw in flaws(document, _TODAY) for line in flaw.lines)


@given(
    alarm=st.integers(0, 3600),
    to_recovery=st.integers(0, 7200),
    to_end=st.integers(0, 600),
    detected=st.integers(0, DAY_S - 1),
    stated=st.integers(0, 8000),
)
def test_it_contradicts_itself_if_neither_span_of_its_timeline_is_the_stated_one(
    alarm: int, to_recovery: int, to_end: int, detected: int, stated: int
) -> None:
    recovered = alarm + to_recovery
    text = "\n".join(
        [
            "## Detection and end time",
            f"- Detected: {_clock(detected)}",
            f"- Ended: {_clock((detected + stated) % DAY_S)}",
            "## Timeline",
            "| at | mark | event |",
            "|---|---|---|",
            f"| {_clock(alarm)} | alarm | |",
            f"| {_clock(recovered)} | recovered | |",
            f"| {_clock(recovered + to_end)} | end | |",
        ]
    )
    document, _ = understood(text, "any.md")
    fits = any(abs(span - stated) <= ROUNDED_S for span in (to_recovery, to_recovery + to_end))
    assert ("contradiction" in {flaw.rule for flaw in flaws(document, _TODAY)}) is not fits


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
