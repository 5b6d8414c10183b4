"""Colour for a terminal, by pattern over the finished lines: so it can never say anything that the words do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

STYLES = (
    (r"^ {0,7}[+−]?\d+\.\d{3}(?=  )", "cyan"),
    (r"^\S+/\d+ \S+(?=  )", "bold"),
    (r"(?:^|(?<=  ))PASS\b", "bold green"),
    (r"(?:^|(?<=  ))FAIL\b", "bold red"),
    (r"(?:^|(?<=  ))(?:UNKNOWN|INTERRUPTED)\b", "bold yellow"),
    (r"✓ kept", "green"),
    (r"✗ missed", "bold red"),
    (r"^ {8,10}[+−\d.]*  (?:because|and)\b", "yellow"),
    (r"(?<=  )(?:no recovery|gave up|failed|relapse|also broken|not noticed)\b", "red"),
    (r"(?<=  )recovered\b", "green"),
    (r"^ {10}(?:budgets|probe|outcomes|users)\b", "dim"),
)


def coloured(lines: Sequence[str]) -> Text:
    """The same characters, with styles."""
    from rich.text import Text

    text = Text("\n".join(lines), no_wrap=True, overflow="ignore")
    for pattern, style in STYLES:
        text.highlight_regex(re.compile(pattern, re.MULTILINE), style)
    return text
