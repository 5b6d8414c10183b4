"""What a page of docs/ says, taken apart: sections, tables, examples."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_CELL = re.compile(r"(?<!\\)\|")


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """The text below ``## heading``, to the next of its rank."""
    parts = _HEADING.split(text_of(page))
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return found[heading]


def tables(text: str) -> list[list[list[str]]]:
    """Each table as its rows, the heading first, without the line of dashes."""
    found: list[list[list[str]]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        if not inside:
            found.append([])
        inside = True
        if not line.startswith("|---"):
            found[-1].append([cell.strip() for cell in _CELL.split(line)[1:-1]])
    return found


def table(page: str, heading: str, first_cell: str) -> list[list[str]]:
    """The rows of the table of a section whose heading begins with ``first_cell``."""
    return next(rows[1:] for rows in tables(section(page, heading)) if rows[0][0] == first_cell)


def code(cell: str) -> str:
    """``\\`x\\``` → ``x``."""
    return cell.strip("`")


def codes(text: str) -> list[str]:
    """What stands in single backticks."""
    return re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def examples(page: str) -> list[str]:
    """The whole drills among the examples."""
    return [found for found in _YAML.findall(text_of(page)) if found.startswith("drill:")]
