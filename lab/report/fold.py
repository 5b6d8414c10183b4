"""Long lines, folded where a reader would: at the separator, and the rest under its own column."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

SEPARATOR = " · "
INDENT = 23
"""Column of the text behind a head; heads that are longer push their own first line only."""
NARROWEST = 20


def fold(head: str, parts: Sequence[str], width: int) -> list[str]:
    """``head`` and then the parts, as many on a line as fit into ``width``; words are split off only where a part
    alone is too wide for a line of its own."""
    lines = [head.ljust(INDENT) if len(head) + 2 <= INDENT else f"{head}  "]
    begun = False
    for part in parts:
        separator = SEPARATOR if begun else ""
        if len(lines[-1]) + len(separator) + len(part) <= width:
            lines[-1] += separator + part
        else:
            if begun or len(lines[-1]) > INDENT:
                lines.append(" " * INDENT)
            wrapped = textwrap.wrap(part, max(width - INDENT, NARROWEST), break_on_hyphens=False) or [""]
            lines[-1] += wrapped[0]
            lines += [" " * INDENT + rest for rest in wrapped[1:]]
        begun = True
    return [line.rstrip() for line in lines]
