"""Words for kinds, per language, as data: outcomes, alarms, actions, lines of the timeline."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("en", "ko")
_WHAT_OF = {
    "alarm": "alarms",
    "alarm over": "alarms",
    "gave up": "alarms",
    "no action": "alarms",
    "decided": "actions",
    "action": "actions",
    "action done": "actions",
    "action failed": "actions",
    "heal": "healed",
    "healed": "healed",
}
"""In which table the ``what`` of a line of the timeline is looked up; of the others it is a name, and stays as it is."""


class Words:
    """The words of one language. A kind that has none (a team's own action) is called by its own name."""

    def __init__(self, tables: dict[str, Any]) -> None:
        self._tables = tables

    def of(self, kind: object, table: str) -> str:
        """``Words.of("reset", "outcomes")``."""
        return str(self._tables[table].get(str(kind), kind))

    def says(self, kind: str, what: str, detail: str) -> str:
        """A line of the timeline."""
        if kind in _WHAT_OF and what:
            what = self.of(what, _WHAT_OF[kind])
        said = (
            self.of(kind, "events" if what else "events_bare") if kind in self._tables["events_bare"] else self.of(kind, "events")
        )
        return said.replace("{what}", what).strip() + (f": {detail}" if detail else "")


def words(language: str) -> Words:
    """Raises KeyError for a language that is not among :data:`LANGUAGES`."""
    return Words(yaml.safe_load(_packaged(language, "words.yaml")))


def template(language: str) -> str:
    """The built-in template. Raises KeyError as :func:`words`."""
    return _packaged(language, "md.j2")


def _packaged(language: str, suffix: str) -> str:
    if language not in LANGUAGES:
        raise KeyError(language)
    return files("lab.report.incident").joinpath("templates", f"{language}.{suffix}").read_text(encoding="utf-8")
