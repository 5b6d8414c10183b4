"""A stored verdict, byte for byte: whoever changes what ``verdict.json`` says must decide what that means.

A figure that means something else: ``definitions`` goes up by one. A field more, less or renamed: ``schema`` does. Neither: the
change is a defect. Then write it anew: ``python -m tests.unit.judge.test_judge_golden``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.history.model.history import History
from lab.judge.judge import judge
from tests.histories import crash

GOLDEN = Path(__file__).parent / "golden"
HISTORIES: dict[str, History] = {"recovered": crash(), "not-recovered": crash(bad_s=9.4)}


@pytest.mark.parametrize("name", HISTORIES)
def test_the_same_history_gives_the_same_bytes_as_ever(name: str) -> None:
    assert judge(HISTORIES[name]).to_json() == (GOLDEN / f"{name}.json").read_text()


if __name__ == "__main__":
    for name, history in HISTORIES.items():
        (GOLDEN / f"{name}.json").write_text(judge(history).to_json())
