"""A user's file, as text in a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Written = Callable[[str], Path]
"""Makes the file of that text."""
