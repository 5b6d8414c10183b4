"""Whoever a room is started by: as we are, and, when we are root, as nobody as well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import lab

NOBODY = 65534
_AS_NOBODY = [
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "env",
]  # env: setpriv still has root's capabilities at its own exec
_PYTHONS = (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3")


@dataclass(frozen=True)
class Starter:
    """``python``: command of an interpreter of that user's with the lab on its path; ``place``: a directory it owns."""

    python: tuple[str, ...]
    place: Path
    env: dict[str, str]

    def run(self, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs ``code`` with the place as its working directory, at most 20 s."""
        asked = [*self.python, "-c", code, *arguments]
        return subprocess.run(asked, cwd=self.place, env=self.env, capture_output=True, text=True, timeout=20)


@pytest.fixture(scope="module", params=["as we are", "as nobody"])
def starter(request: pytest.FixtureRequest) -> Iterator[Starter]:
    """The lab is copied to where nobody may read it too, below /tmp: so these rooms also have to put it back into view."""
    place = Path(tempfile.mkdtemp(prefix="lab-room-", dir="/tmp"))
    try:
        place.chmod(0o755)
        shutil.copytree(Path(lab.__file__).parent, place / "code" / "lab", ignore=shutil.ignore_patterns("__pycache__"))
        env = {**os.environ, "PYTHONPATH": str(place / "code"), "PYTHONDONTWRITEBYTECODE": "1"}
        if request.param == "as we are":
            yield Starter((sys.executable,), place, env)
        elif os.geteuid() != 0:
            pytest.skip("only root can become nobody; the other half of this test is without root already")
        else:
            os.chown(place, NOBODY, NOBODY)
            yield Starter((*_AS_NOBODY, _python_of_nobody(env)), place, env)
    finally:
        shutil.rmtree(place)


def _python_of_nobody(env: dict[str, str]) -> str:
    """An interpreter in root's home is out of reach for others."""
    for python in _PYTHONS:
        check = [*_AS_NOBODY, python, "-c", "import sys, lab.doctor; sys.exit(sys.version_info < (3, 11))"]
        if os.path.exists(python) and subprocess.run(check, env=env, cwd="/", capture_output=True).returncode == 0:
            return python
    if os.environ.get("CI"):
        pytest.fail("nobody can start no Python ≥ 3.11 here")
    pytest.skip("nobody can start no Python ≥ 3.11 here")
