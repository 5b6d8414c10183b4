"""A user's file is read: everything that can be wrong with it is said in words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from script_file import Written

from lab.drill.problems import DrillErrors
from lab.load.script import load_script


def test_a_script_is_its_coroutines(written: Written) -> None:
    script = load_script(
        written("""
        async def setup(s): ...
        async def iteration(s): ...
        """)
    )
    assert (script.path.name, script.iteration.__name__) == ("shop.py", "iteration")  # type: ignore[attr-defined]
    assert script.setup is not None


def test_modules_beside_it_can_be_imported_and_its_dataclasses_work(written: Written, tmp_path: Path) -> None:
    (tmp_path / "prices_of_the_shop.py").write_text("PRICE = 7\n")
    path = written("""
        from __future__ import annotations
        from dataclasses import dataclass
        from prices_of_the_shop import PRICE

        @dataclass
        class Order:
            price: int = PRICE

        async def iteration(s): return Order()
        """)
    assert load_script(path).setup is None


MISTAKES = {
    "x = 1": [": no iteration, expected async def iteration(s)\n  hint: async def iteration(s): await s.get('/health')"],
    "def iteration(s): ...": [":1: iteration is not async, expected async def iteration(s)\n  hint: "],
    "iteration = 3": [": iteration is not async"],
    "async def iteration(s): yield": [":1: iteration yields, expected"],
    "async def iteration(): ...": [":1: iteration() cannot be called with the session alone, expected async def iteration(s)"],
    "async def iteration(s, more): ...": [":1: iteration(s, more) cannot be called with the session alone"],
    "def setup(s): ...\ndef iteration(s): ...": [":2: iteration is not async", ":1: setup is not async"],
    "x = 1\nasync def iteration(s) ...": [
        ":2: SyntaxError: expected ':' (shop.py, line 2), expected a file that can be imported"
    ],
    "import nowhere_to_be_found": [
        ":1: ModuleNotFoundError: No module named 'nowhere_to_be_found', expected a file that can be imported\n"
        "  hint: install nowhere_to_be_found where lab is installed, or put it beside shop.py"
    ],
    "def f():\n    return {}['x']\nf()": [":2: KeyError: 'x', expected"],
    "import sys\nsys.exit(3)": [":2: SystemExit: 3, expected"],
    "import json\njson.loads('')": [":2: JSONDecodeError: "],
}


@pytest.mark.parametrize("text", MISTAKES)
def test_every_mistake_is_told_in_words_and_with_its_line(written: Written, text: str) -> None:
    path = written(text)
    with pytest.raises(DrillErrors) as raised:
        load_script(path)
    told = [str(problem) for problem in raised.value.problems]
    assert len(told) == len(MISTAKES[text])
    for problem, begin in zip(told, MISTAKES[text], strict=True):
        assert problem.startswith(f"{path}{begin}")
    assert "lab_script_shop" not in sys.modules or "import" not in told[0]


def test_a_file_that_is_not_there_or_no_python(tmp_path: Path) -> None:
    (tmp_path / "shop.js").touch()
    for name, text in (
        ("none.py", "no such file, expected a file in Python"),
        ("shop.js", "not a file in Python, expected a name"),
    ):
        with pytest.raises(DrillErrors, match=rf"{name}: {text}"):
            load_script(tmp_path / name)
