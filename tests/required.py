"""What a test needs of the machine: skipped where it is missing, failed in CI, where everything must be there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacks(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing in CI")
    pytest.skip(f"needs {what}")
