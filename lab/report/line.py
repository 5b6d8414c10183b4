"""The one shape of everything that a report says about a stage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportLine:
    """``word`` names it, ``says`` the rest in parts; ``at_s``: seconds since the injection began, None without an instant."""

    word: str
    says: tuple[str, ...]
    at_s: float | None = None
