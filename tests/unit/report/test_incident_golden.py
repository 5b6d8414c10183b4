"""Whole documents, byte for byte. Where a change is meant, they are written anew by
``python -m tests.unit.report.test_incident_golden``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.report.incidents import conn_reset, document, figures, interrupted, sections

GOLDEN = Path(__file__).parent / "golden"
RUNS = {
    "conn-reset": conn_reset,
    "conn-reset-without-auto-restart": lambda: conn_reset("auto-restart"),
    "interrupted": interrupted,
}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", RUNS)
def test_the_same_run_gives_the_same_document(name: str, language: str) -> None:
    assert document(RUNS[name](), language) == (GOLDEN / f"{name}.{language}.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_both_languages_hold_the_same_figures(name: str) -> None:
    english, korean = (sections(document(RUNS[name](), language)) for language in ("en", "ko"))
    assert list(english) == list(korean) == ["", *"12345678"]
    for number, text in english.items():
        assert figures(text) == figures(korean[number]), f"section {number}"
    assert figures(document(RUNS[name](), "en")) == figures(document(RUNS[name](), "ko"))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, make in RUNS.items():
        for language in ("en", "ko"):
            (GOLDEN / f"{name}.{language}.md").write_text(document(make(), language), encoding="utf-8")
