"""What a shell may complete: names that the catalogue has. Nothing is told of what is wrong meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def drills(incomplete: str) -> list[str]:
    from lab import catalogue

    return _beginning(incomplete, catalogue.drills())


def loads(incomplete: str) -> list[str]:
    from lab import catalogue

    return _beginning(incomplete, [*catalogue.loads(), "plan"])


def shown(incomplete: str) -> list[str]:
    from lab import catalogue

    return _beginning(incomplete, [*catalogue.drills(), *catalogue.loads(), "plan", *catalogue.faults(), "target"])


def runs(incomplete: str) -> list[str]:
    """Of the usual directory; the newest first."""
    from lab.cli.reading import RUNS
    from lab.history import store

    return _beginning(incomplete, ["latest", *(run.name for run in store.list_runs(Path(RUNS)))])


def incidents(incomplete: str) -> list[str]:
    """Documents of the usual directory, without what was recorded of them; any other path is typed."""
    found = (path for path in Path("runbooks/incidents").glob("*.md") if not path.name.endswith(".record.md"))
    return _beginning(incomplete, sorted(map(str, found)))


def languages(incomplete: str) -> list[str]:
    from lab.report.incident.words import LANGUAGES

    return _beginning(incomplete, LANGUAGES)


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
