"""The name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint (``did you mean 'vus'?``), or nothing when no name is near."""
    known = {each.lower().replace("_", "-"): each for each in names}
    near = get_close_matches(name.lower().replace("_", "-"), known, n=1, cutoff=0.6)
    return f"did you mean {known[near[0]]!r}?" if near else ""


def one_of(names: Iterable[str]) -> str:
    """``one of a, b, c``; says so when there is none."""
    listed = ", ".join(sorted(names))
    return f"one of {listed}" if listed else "nothing here: none is known"
