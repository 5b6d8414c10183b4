"""What all nouns of a drill have in common."""

from __future__ import annotations

from typing import ClassVar

Scalar = int | float | bool | str


class FileNoun:
    """Whatever is read from a file refuses keys that it does not know."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
