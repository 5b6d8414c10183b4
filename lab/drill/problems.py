"""What is wrong with a drill file, all of it at once, each with its place and what was expected instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where in a drill: ``("stages", 0, "load", "vus")``."""


@dataclass(frozen=True)
class Problem:
    """``line`` counts from 1; 0 when ``file`` is no file but what was typed (``--set crash.lasts``)."""

    file: str
    line: int
    what: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}, expected {self.expected}" + (f"\n  hint: {self.hint}" if self.hint else "")


class DrillErrors(ValueError):
    """The drill cannot be run as it stands. ``problems`` has all of them, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Finding:
    """A problem before its place is looked up: ``path`` leads to what is wrong, or to the key that is missing.

    ``about``: what else the finding rests on. When that is itself wrong, the finding may be only its consequence
    and is left out.
    """

    path: Path
    what: str
    expected: str
    hint: str = ""
    about: tuple[Path, ...] = ()

    def follows_from(self, others: Iterable[Finding]) -> bool:
        """It is at, above or below what another finding is about."""
        return any(_touch(mine, other.path) for other in others for mine in (self.path, *self.about))


def _touch(a: Path, b: Path) -> bool:
    return a[: len(b)] == b[: len(a)]


def dotted(path: Path) -> str:
    """``stages[0].load.vus``, as a person points at it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
